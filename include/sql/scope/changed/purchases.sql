-- purpose: paid orders of the customers of pg_temp.changed_customers, as of an instant and by what was known then
-- grain:   one row per paid order
-- params:  shop_id text, as_of timestamptz, since timestamptz
-- reads:   record.paid_orders, pg_temp.changed_customers
-- writes:  nothing
-- returns: many
SELECT
    paid_orders.customer_no,
    paid_orders.paid_at,
    paid_orders.day,
    paid_orders.hour,
    paid_orders.month_day,
    paid_orders.net_minor,
    paid_orders.items,
    paid_orders.discount_minor,
    paid_orders.coupon_minor,
    paid_orders.region_no,
    paid_orders.device_no,
    paid_orders.order_key
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN record.paid_orders AS paid_orders ON changed_customers.customer_no = paid_orders.customer_no
WHERE
    paid_orders.shop_id = %(shop_id)s::text
    AND paid_orders.paid_at <= %(as_of)s::timestamptz
    AND paid_orders.paid_at > %(since)s::timestamptz
    AND paid_orders.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND paid_orders.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
