-- purpose: the band of price per item that holds more than a share of what a customer bought
-- grain:   one row per customer with a habit
-- params:  lines statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
-- Evidence: lines (an order's goods of one series, category and size), bought on two days at least. The bounds are the
-- configuration's: quartiles of the shop's own prices would move the band of somebody who did nothing.
WITH bought AS (
    SELECT
        lines.customer_no,
        count(*) AS out_of,
        count(*) FILTER (
            WHERE lines.net_minor < lines.quantity * (%(rules)s::jsonb #>> '{band_amounts,0}')::bigint
        ) AS below_1,
        count(*) FILTER (
            WHERE lines.net_minor < lines.quantity * (%(rules)s::jsonb #>> '{band_amounts,1}')::bigint
        ) AS below_2,
        count(*) FILTER (
            WHERE lines.net_minor < lines.quantity * (%(rules)s::jsonb #>> '{band_amounts,2}')::bigint
        ) AS below_3,
        count(*) FILTER (
            WHERE lines.net_minor < lines.quantity * (%(rules)s::jsonb #>> '{band_amounts,3}')::bigint
        ) AS below_4
    FROM __lines__ AS lines
    WHERE lines.quantity > 0
    GROUP BY lines.customer_no
    HAVING
        count(*) >= (%(rules)s::jsonb ->> 'minimum')::bigint
        AND min(lines.day) < max(lines.day)
),

leaders AS (
    SELECT
        customer_no,
        out_of,
        ARRAY[below_1, below_2 - below_1, below_3 - below_2, below_4 - below_3, out_of - below_4] AS counts,
        greatest(below_1, below_2 - below_1, below_3 - below_2, below_4 - below_3, out_of - below_4) AS evidence
    FROM bought
)

SELECT
    customer_no,
    %(rules)s::jsonb -> 'bands' ->> (array_position(counts, evidence) - 1) AS value,
    NULL::float8 AS number,
    evidence::integer AS evidence,
    out_of::integer AS out_of,
    record.wilson_low(evidence, out_of) AS confidence
FROM leaders
WHERE evidence > out_of * (%(rules)s::jsonb ->> 'share')::float8
