-- purpose: features of all customers as of any instant, in a table of one run's own, shaped like the
--          stored ones
-- grain:   one row per customer with a paid order
-- params:  scratch relation, shop_id text, as_of timestamptz
-- reads:   facts.orders, facts.orders_history
-- writes:  the scratch table
-- returns: nothing
CREATE UNLOGGED TABLE IF NOT EXISTS __scratch__ AS
SELECT
    orders.shop_id,
    orders.customer_no,
    min(orders.paid_at) AS first_paid_at,
    max(orders.paid_at) AS last_paid_at,
    count(*)::integer AS order_count,
    sum(coalesce(orders.paid_minor, orders.total_minor))::bigint AS paid_minor,
    %(as_of)s::timestamptz AS computed_as_of
FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
WHERE orders.paid_at IS NOT NULL
GROUP BY orders.shop_id, orders.customer_no
