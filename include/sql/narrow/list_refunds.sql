-- purpose: refunds that came in, and those of orders that did: either may say who is refunded
-- grain:   one row per refund
-- params:  shop_id text, batch_ids bigint[], is_all boolean
-- reads:   facts.refunds, facts.refunds_history, facts.orders
-- writes:  pg_temp.touched_refunds
-- returns: count
CREATE TEMPORARY TABLE touched_refunds ON COMMIT DROP AS
WITH touched_orders AS (
    SELECT order_id
    FROM facts.orders
    WHERE
        NOT %(is_all)s::boolean
        AND batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
)

SELECT refund_id
FROM facts.refunds
WHERE
    shop_id = %(shop_id)s::text
    AND (%(is_all)s::boolean OR batch_id = ANY(%(batch_ids)s::bigint[]))
UNION
SELECT refunds.refund_id
FROM touched_orders
INNER JOIN facts.refunds AS refunds ON touched_orders.order_id = refunds.order_id
WHERE refunds.shop_id = %(shop_id)s::text
UNION
SELECT refunds.refund_id
FROM touched_orders
INNER JOIN facts.refunds_history AS refunds ON touched_orders.order_id = refunds.order_id
WHERE refunds.shop_id = %(shop_id)s::text
