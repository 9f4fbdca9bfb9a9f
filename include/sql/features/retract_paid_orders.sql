-- purpose: take orders that are no longer paid out of the narrow fact
-- grain:   one row per order
-- params:  shop_id text, batch_ids bigint[]
-- reads:   facts.orders
-- writes:  record.paid_orders
-- returns: count
DELETE FROM record.paid_orders AS paid_orders
USING facts.orders AS orders
WHERE
    orders.batch_id = ANY(%(batch_ids)s::bigint[])
    AND orders.shop_id = %(shop_id)s::text
    AND orders.paid_at IS NULL
    AND paid_orders.shop_id = orders.shop_id
    AND paid_orders.order_id = orders.order_id
