-- purpose: take refunds that did not succeed after all, or are no known customer's, out of the narrow fact
-- grain:   one row per refund
-- params:  shop_id text, batch_ids bigint[]
-- reads:   facts.refunds, facts.orders, facts.customers
-- writes:  record.refunds
-- returns: count
WITH unfit_refunds AS (
    SELECT
        refunds.shop_id,
        refunds.refund_id
    FROM facts.refunds AS refunds
    LEFT JOIN facts.orders AS orders
        ON
            refunds.shop_id = orders.shop_id
            AND refunds.order_id = orders.order_id
    LEFT JOIN facts.customers AS customers
        ON customers.customer_no = coalesce(orders.customer_no, refunds.customer_no)
    WHERE
        refunds.shop_id = %(shop_id)s::text
        AND (
            refunds.batch_id = ANY(%(batch_ids)s::bigint[])
            OR orders.batch_id = ANY(%(batch_ids)s::bigint[])
        )
        AND (refunds.state <> 'succeeded' OR coalesce(customers.is_guest, true))
)

DELETE FROM record.refunds AS refunds
USING unfit_refunds
WHERE
    refunds.shop_id = unfit_refunds.shop_id
    AND refunds.refund_id = unfit_refunds.refund_id
