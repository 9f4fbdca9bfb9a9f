-- purpose: what one customer bought of each product series as of an instant
-- grain:   one row per series
-- params:  shop_id text, customer_no bigint, as_of timestamptz
-- reads:   facts.orders, facts.orders_history, facts.order_lines, facts.order_lines_history, facts.products,
--          facts.products_history
-- writes:  nothing
-- returns: many
SELECT
    products.series,
    count(DISTINCT orders.order_id) AS order_count,
    sum(lines.net_minor)::bigint AS net_minor,
    max(orders.paid_at) AS last_paid_at
FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
INNER JOIN facts.order_lines_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS lines
    ON orders.order_id = lines.order_id
INNER JOIN facts.products_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS products
    ON lines.product_id = products.product_id
WHERE
    orders.customer_no = %(customer_no)s::bigint
    AND orders.paid_at IS NOT NULL
    AND lines.kind = 'goods'
    AND products.series <> ''
GROUP BY products.series
ORDER BY sum(lines.net_minor) DESC, products.series ASC
