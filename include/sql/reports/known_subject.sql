-- purpose: whether a shop knew an order or a customer by an instant: what nobody knew can have had no decision
-- grain:   one row if it did
-- params:  shop_id text, order_id text, customer_id text, as_of timestamptz
-- reads:   facts.orders_as_of, facts.customers
-- writes:  nothing
-- returns: maybe
SELECT 1 AS known
WHERE
    EXISTS (
        SELECT FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
        WHERE orders.order_id = %(order_id)s::text
    )
    OR EXISTS (
        SELECT FROM facts.customers AS customers
        WHERE
            customers.shop_id = %(shop_id)s::text
            AND customers.customer_id = %(customer_id)s::text
            AND customers.known_at <= %(as_of)s::timestamptz
    )
