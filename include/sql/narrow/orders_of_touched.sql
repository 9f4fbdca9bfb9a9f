-- purpose: every version of the touched orders
-- grain:   one row per version
-- params:  shop_id text
-- reads:   pg_temp.touched_orders, facts.orders, facts.orders_history
-- writes:  nothing
-- returns: many
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
    false AS is_only
FROM pg_temp.touched_orders AS touched_orders
INNER JOIN facts.orders AS orders ON touched_orders.order_id = orders.order_id
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
FROM pg_temp.touched_orders AS touched_orders
INNER JOIN facts.orders_history AS orders ON touched_orders.order_id = orders.order_id
WHERE orders.shop_id = %(shop_id)s::text
