-- purpose: features of the customers of a scope as of an instant; what each means: docs/record.md
-- grain:   one row per customer with a purchase
-- params:  made relation, purchases statement, price_differences statement, refunds statement, shop_id text,
--          as_of timestamptz, since timestamptz
-- reads:   what the statements put in read
-- writes:  the made table, of the shape of record.customer_features
-- returns: nothing
-- Sums of what no order says are NULL, not 0.
CREATE UNLOGGED TABLE IF NOT EXISTS __made__ AS
WITH bought AS (
    SELECT
        purchases.customer_no,
        min(purchases.paid_at) AS first_paid_at,
        max(purchases.paid_at) AS last_paid_at,
        count(*)::integer AS order_count,
        record.sum_minor(purchases.net_minor) AS paid_minor,
        count(DISTINCT purchases.day)::integer AS purchase_days,
        min(purchases.day) AS first_day,
        max(purchases.day) AS last_day,
        round(sum(purchases.items)::numeric, 6)::double precision AS item_count,
        count(purchases.items)::integer AS item_orders,
        record.sum_minor(purchases.net_minor) FILTER (WHERE purchases.items IS NOT NULL) AS item_paid_minor,
        sum((purchases.discount_minor > 0)::integer)::integer AS discount_count,
        record.sum_minor(purchases.discount_minor) AS discount_minor,
        sum((purchases.coupon_minor > 0)::integer)::integer AS coupon_count,
        record.sum_minor(purchases.coupon_minor) AS coupon_minor
    FROM __purchases__ AS purchases
    GROUP BY purchases.customer_no
),

added AS (
    SELECT
        price_differences.customer_no,
        record.sum_minor(price_differences.net_minor) AS paid_minor
    FROM __price_differences__ AS price_differences
    GROUP BY price_differences.customer_no
),

refunded AS (
    SELECT
        refunds.customer_no,
        count(*)::integer AS refund_count,
        record.sum_minor(refunds.amount_minor) AS refund_minor
    FROM __refunds__ AS refunds
    GROUP BY refunds.customer_no
)

SELECT
    %(shop_id)s::text AS shop_id,
    bought.customer_no,
    bought.first_paid_at,
    bought.last_paid_at,
    bought.order_count,
    bought.paid_minor + coalesce(added.paid_minor, 0) AS paid_minor,
    coalesce(refunded.refund_count, 0) AS refund_count,
    coalesce(refunded.refund_minor, 0) AS refund_minor,
    bought.paid_minor + coalesce(added.paid_minor, 0) - coalesce(refunded.refund_minor, 0) AS net_minor,
    bought.purchase_days,
    bought.first_day,
    bought.last_day,
    bought.item_count,
    bought.item_orders,
    bought.item_paid_minor,
    bought.discount_count,
    bought.discount_minor,
    bought.coupon_count,
    bought.coupon_minor,
    %(as_of)s::timestamptz AS computed_as_of
FROM bought
LEFT JOIN added ON bought.customer_no = added.customer_no
LEFT JOIN refunded ON bought.customer_no = refunded.customer_no
