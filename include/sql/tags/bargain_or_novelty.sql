-- purpose: whether a customer buys what is reduced, or what is new
-- grain:   one row per customer with a leaning
-- params:  lines statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
-- Each against the lines of which it is known, bought on two days at least; if both hold, the greater share speaks, and
-- two that are equal say nothing. What is not known is left out, not taken for no.
WITH bought AS (
    SELECT
        lines.customer_no,
        count(lines.is_discounted) AS priced,
        count(*) FILTER (WHERE lines.is_discounted) AS reduced,
        count(lines.is_new) AS dated,
        count(*) FILTER (WHERE lines.is_new) AS fresh
    FROM __lines__ AS lines
    GROUP BY lines.customer_no
    HAVING min(lines.day) < max(lines.day)
),

shares AS (
    SELECT
        *,
        CASE
            WHEN
                priced >= (%(rules)s::jsonb ->> 'minimum')::bigint
                AND reduced > priced * (%(rules)s::jsonb ->> 'share')::float8
                THEN reduced::float8 / priced
            ELSE 0
        END AS bargain,
        CASE
            WHEN
                dated >= (%(rules)s::jsonb ->> 'minimum')::bigint
                AND fresh > dated * (%(rules)s::jsonb ->> 'share')::float8
                THEN fresh::float8 / dated
            ELSE 0
        END AS novelty
    FROM bought
)

SELECT
    customer_no,
    CASE WHEN bargain > novelty THEN 'bargain' ELSE 'novelty' END AS value,
    NULL::float8 AS number,
    CASE WHEN bargain > novelty THEN reduced ELSE fresh END::integer AS evidence,
    CASE WHEN bargain > novelty THEN priced ELSE dated END::integer AS out_of,
    CASE
        WHEN bargain > novelty THEN record.wilson_low(reduced, priced)
        ELSE record.wilson_low(fresh, dated)
    END AS confidence
FROM shares
WHERE bargain <> novelty
