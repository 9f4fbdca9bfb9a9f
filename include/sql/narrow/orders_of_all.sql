-- purpose: every version of every order of a shop, and whether it is the only one
-- grain:   one row per version
-- params:  shop_id text
-- reads:   facts.orders, facts.orders_history
-- writes:  nothing
-- returns: many
WITH replaced AS (
    SELECT DISTINCT order_id
    FROM facts.orders_history
    WHERE shop_id = %(shop_id)s::text
)

SELECT
    orders.order_id,
    orders.kind,
    orders.customer_no,
    orders.paid_at,
    coalesce(orders.paid_minor, orders.total_minor) AS net_minor,
    orders.item_count,
    orders.discount_minor,
    orders.coupon_minor,
    orders.region,
    orders.device,
    orders.known_at AS known_from,
    'infinity'::timestamptz AS known_until,
    replaced.order_id IS NULL AS is_only
FROM facts.orders AS orders
LEFT JOIN replaced ON orders.order_id = replaced.order_id
WHERE orders.shop_id = %(shop_id)s::text
UNION ALL
SELECT
    orders.order_id,
    orders.kind,
    orders.customer_no,
    orders.paid_at,
    coalesce(orders.paid_minor, orders.total_minor) AS net_minor,
    orders.item_count,
    orders.discount_minor,
    orders.coupon_minor,
    orders.region,
    orders.device,
    orders.known_from,
    orders.known_until,
    false AS is_only
FROM facts.orders_history AS orders
WHERE orders.shop_id = %(shop_id)s::text
