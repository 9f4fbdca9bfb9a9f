-- purpose: the product category that more than a share of a customer's orders are of
-- grain:   one row per customer with a preference
-- params:  lines statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   record.words, and what the statement put in reads
-- writes:  nothing
-- returns: many
-- Of all orders that name a category; counted, and ties broken, as in series_preference.
WITH bought AS (
    SELECT
        lines.customer_no,
        lines.category_no,
        count(DISTINCT lines.order_key) AS orders,
        max(lines.day) AS last_day
    FROM __lines__ AS lines
    WHERE lines.category_no IS NOT NULL
    GROUP BY GROUPING SETS ((lines.customer_no, lines.category_no), (lines.customer_no))
),

leaders AS (
    SELECT
        bought.customer_no,
        (array_agg(words.word ORDER BY bought.orders DESC, bought.last_day DESC, words.word ASC) FILTER (
            WHERE bought.category_no IS NOT NULL
        ))[1] AS value,
        max(bought.orders) FILTER (WHERE bought.category_no IS NOT NULL) AS evidence,
        max(bought.orders) FILTER (WHERE bought.category_no IS NULL) AS out_of
    FROM bought
    LEFT JOIN record.words AS words ON bought.category_no = words.word_no
    GROUP BY bought.customer_no
)

SELECT
    customer_no,
    value,
    NULL::float8 AS number,
    evidence::integer AS evidence,
    out_of::integer AS out_of,
    record.wilson_low(evidence, out_of) AS confidence
FROM leaders
WHERE
    out_of >= (%(rules)s::jsonb ->> 'minimum')::bigint
    AND evidence > out_of * (%(rules)s::jsonb ->> 'share')::float8
