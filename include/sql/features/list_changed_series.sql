-- purpose: what the changed customers bought of each series, from all their paid orders
-- grain:   one row per customer and series
-- params:  shop_id text, as_of timestamptz
-- reads:   record.paid_orders, record.product_series, facts.order_lines, pg_temp.changed_customers
-- writes:  pg_temp.changed_series
-- returns: nothing
CREATE TEMPORARY TABLE changed_series ON COMMIT DROP AS
SELECT
    paid_orders.customer_no,
    products.series,
    count(DISTINCT paid_orders.order_id)::integer AS order_count,
    sum(lines.net_minor)::bigint AS net_minor,
    max(paid_orders.paid_at) AS last_paid_at
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN record.paid_orders AS paid_orders ON changed_customers.customer_no = paid_orders.customer_no
INNER JOIN facts.order_lines AS lines
    ON
        paid_orders.shop_id = lines.shop_id
        AND paid_orders.order_id = lines.order_id
INNER JOIN record.product_series AS products
    ON
        lines.shop_id = products.shop_id
        AND lines.product_id = products.product_id
WHERE
    paid_orders.shop_id = %(shop_id)s::text
    AND paid_orders.paid_at <= %(as_of)s::timestamptz
    AND lines.kind = 'goods'
GROUP BY paid_orders.customer_no, products.series
