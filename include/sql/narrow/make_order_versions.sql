-- purpose: the versions of orders that are paid and a known customer's, with day and hour in the shop's zone
-- grain:   one row per version
-- params:  orders statement, shop_id text, zone text
-- reads:   facts.orders, facts.orders_history, facts.customers
-- writes:  pg_temp.order_versions
-- returns: nothing
CREATE TEMPORARY TABLE order_versions ON COMMIT DROP AS
SELECT
    orders.order_id,
    orders.region,
    orders.device,
    orders.customer_no,
    orders.paid_at,
    orders.known_from,
    orders.known_until,
    record.order_key(orders.order_id) AS order_key,
    (row_number() OVER ())::integer AS version_no,
    (orders.paid_at AT TIME ZONE %(zone)s::text)::date - date '1970-01-01' AS day,
    orders.net_minor,
    orders.item_count::double precision AS item_count,
    orders.discount_minor,
    orders.coupon_minor,
    extract(HOUR FROM orders.paid_at AT TIME ZONE %(zone)s::text)::smallint AS hour,
    extract(DAY FROM orders.paid_at AT TIME ZONE %(zone)s::text)::smallint AS month_day,
    facts.is_purchase(orders.kind) AS is_purchase,
    orders.is_only
FROM __orders__ AS orders
INNER JOIN facts.customers AS customers ON orders.customer_no = customers.customer_no
WHERE
    orders.paid_at IS NOT NULL
    AND NOT customers.is_guest
