-- purpose: declared history can show that a customer was known before the member list said so
-- grain:   one row per customer
-- params:  batch_id bigint, shop_id text
-- reads:   facts.orders
-- writes:  facts.customers
-- returns: count
UPDATE facts.customers
SET known_at = earliest_orders.created_at
FROM (
    SELECT
        orders.customer_no,
        min(orders.created_at) AS created_at
    FROM facts.orders
    WHERE orders.batch_id = %(batch_id)s::bigint AND orders.shop_id = %(shop_id)s::text
    GROUP BY orders.customer_no
) AS earliest_orders
WHERE
    customers.customer_no = earliest_orders.customer_no
    AND customers.known_at > earliest_orders.created_at
