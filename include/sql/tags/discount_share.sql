-- purpose: the part of a customer's orders that had something taken off
-- grain:   one row per customer with an order that says
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
-- Of the orders that say whether anything was.
WITH told AS (
    SELECT
        purchases.customer_no,
        count(purchases.discount_minor) AS out_of,
        count(*) FILTER (WHERE purchases.discount_minor > 0) AS evidence
    FROM __purchases__ AS purchases
    GROUP BY purchases.customer_no
    HAVING count(purchases.discount_minor) >= (%(rules)s::jsonb ->> 'minimum')::bigint
)

SELECT
    customer_no,
    NULL::text AS value,
    evidence::float8 / out_of AS number,
    evidence::integer AS evidence,
    out_of::integer AS out_of,
    record.wilson_low(evidence, out_of) AS confidence
FROM told
