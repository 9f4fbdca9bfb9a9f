-- purpose: take orders that are no longer paid, or no longer a known customer's, out of the narrow fact
-- grain:   one row per order
-- params:  shop_id text, batch_ids bigint[]
-- reads:   facts.orders, facts.customers
-- writes:  record.paid_orders
-- returns: count
DELETE FROM record.paid_orders AS paid_orders
USING facts.orders AS orders
INNER JOIN facts.customers AS customers ON orders.customer_no = customers.customer_no
WHERE
    orders.batch_id = ANY(%(batch_ids)s::bigint[])
    AND orders.shop_id = %(shop_id)s::text
    AND (orders.paid_at IS NULL OR customers.is_guest)
    AND paid_orders.shop_id = orders.shop_id
    AND paid_orders.order_id = orders.order_id
