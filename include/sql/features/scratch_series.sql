-- purpose: what customers bought of each product series as of any instant, from the facts as they were known then, in
--          a table of one run's own, shaped like the stored one
-- grain:   one row per customer and series
-- params:  scratch relation, shop_id text, as_of timestamptz
-- reads:   facts.orders, facts.orders_history, facts.order_lines, facts.order_lines_history, facts.products,
--          facts.products_history, facts.customers
-- writes:  the scratch table
-- returns: nothing
CREATE UNLOGGED TABLE IF NOT EXISTS __scratch__ AS
SELECT
    orders.shop_id,
    orders.customer_no,
    products.series,
    count(DISTINCT orders.order_id)::integer AS order_count,
    sum(lines.net_minor)::bigint AS net_minor,
    max(orders.paid_at) AS last_paid_at
FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
INNER JOIN facts.order_lines_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS lines
    ON orders.order_id = lines.order_id
INNER JOIN facts.products_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS products
    ON lines.product_id = products.product_id
INNER JOIN facts.customers AS customers ON orders.customer_no = customers.customer_no
WHERE
    orders.paid_at IS NOT NULL
    AND lines.kind = 'goods'
    AND products.series <> ''
    AND NOT customers.is_guest
GROUP BY orders.shop_id, orders.customer_no, products.series
