-- purpose: the part of what a customer paid that was given back
-- grain:   one row per customer with a paid order of more than 0
-- params:  purchases statement, refunds statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   what the statements put in read
-- writes:  nothing
-- returns: many
-- Paid and given back within the same window; a refund of an order of before it counts all the same. At most 1.
WITH paid AS (
    SELECT
        purchases.customer_no,
        count(*) AS orders,
        record.sum_minor(purchases.net_minor) AS paid_minor
    FROM __purchases__ AS purchases
    GROUP BY purchases.customer_no
    HAVING
        count(*) >= (%(rules)s::jsonb ->> 'minimum')::bigint
        AND record.sum_minor(purchases.net_minor) > 0
),

refunded AS (
    SELECT
        refunds.customer_no,
        count(*) AS times,
        record.sum_minor(refunds.amount_minor) AS refund_minor
    FROM __refunds__ AS refunds
    GROUP BY refunds.customer_no
)

SELECT
    paid.customer_no,
    NULL::text AS value,
    least(coalesce(refunded.refund_minor, 0) / paid.paid_minor::float8, 1) AS number,
    coalesce(refunded.times, 0)::integer AS evidence,
    paid.orders::integer AS out_of,
    NULL::float8 AS confidence
FROM paid
LEFT JOIN refunded ON paid.customer_no = refunded.customer_no
