-- purpose: bring the narrow fact of paid orders to the versions of these batches, guests left out; the same again
--          writes nothing
-- grain:   one row per paid order
-- params:  shop_id text, batch_ids bigint[]
-- reads:   facts.orders, facts.customers
-- writes:  record.paid_orders
-- returns: count
INSERT INTO record.paid_orders AS paid_orders (customer_no, paid_at, known_at, net_minor, shop_id, order_id)
SELECT
    orders.customer_no,
    orders.paid_at,
    orders.known_at,
    coalesce(orders.paid_minor, orders.total_minor)::integer AS net_minor,
    orders.shop_id,
    orders.order_id
FROM facts.orders AS orders
INNER JOIN facts.customers AS customers ON orders.customer_no = customers.customer_no
WHERE
    orders.batch_id = ANY(%(batch_ids)s::bigint[])
    AND orders.shop_id = %(shop_id)s::text
    AND orders.paid_at IS NOT NULL
    AND NOT customers.is_guest
ON CONFLICT ON CONSTRAINT paid_orders_pk DO UPDATE
    SET
        customer_no = excluded.customer_no,
        paid_at = excluded.paid_at,
        known_at = excluded.known_at,
        net_minor = excluded.net_minor
    WHERE (paid_orders.customer_no, paid_orders.paid_at, paid_orders.net_minor)
    IS DISTINCT FROM (excluded.customer_no, excluded.paid_at, excluded.net_minor)
