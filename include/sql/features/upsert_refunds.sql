-- purpose: bring the narrow fact of succeeded refunds to the versions of these batches, each with its customer: that of
--          the order, else the one the refund names; the same again writes nothing
-- grain:   one row per succeeded refund
-- params:  shop_id text, batch_ids bigint[]
-- reads:   facts.refunds, facts.orders, facts.customers
-- writes:  record.refunds
-- returns: count
INSERT INTO record.refunds AS refunds (customer_no, happened_at, amount_minor, shop_id, refund_id)
WITH changed_refunds AS (
    SELECT
        shop_id,
        refund_id
    FROM facts.refunds
    WHERE
        batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
    UNION
    SELECT
        refunds_of_orders.shop_id,
        refunds_of_orders.refund_id
    FROM facts.orders AS orders
    INNER JOIN facts.refunds AS refunds_of_orders
        ON
            orders.shop_id = refunds_of_orders.shop_id
            AND orders.order_id = refunds_of_orders.order_id
    WHERE
        orders.batch_id = ANY(%(batch_ids)s::bigint[])
        AND orders.shop_id = %(shop_id)s::text
)

SELECT
    customers.customer_no,
    current_refunds.happened_at,
    current_refunds.amount_minor,
    current_refunds.shop_id,
    current_refunds.refund_id
FROM changed_refunds
INNER JOIN facts.refunds AS current_refunds
    ON
        changed_refunds.shop_id = current_refunds.shop_id
        AND changed_refunds.refund_id = current_refunds.refund_id
LEFT JOIN facts.orders AS orders
    ON
        current_refunds.shop_id = orders.shop_id
        AND current_refunds.order_id = orders.order_id
INNER JOIN facts.customers AS customers
    ON customers.customer_no = coalesce(orders.customer_no, current_refunds.customer_no)
WHERE
    current_refunds.state = 'succeeded'
    AND NOT customers.is_guest
ON CONFLICT ON CONSTRAINT refunds_pk DO UPDATE
    SET
        customer_no = excluded.customer_no,
        happened_at = excluded.happened_at,
        amount_minor = excluded.amount_minor
    WHERE (refunds.customer_no, refunds.happened_at, refunds.amount_minor)
    IS DISTINCT FROM (excluded.customer_no, excluded.happened_at, excluded.amount_minor)
