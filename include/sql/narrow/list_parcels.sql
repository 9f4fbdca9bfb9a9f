-- purpose: parcels that came in or were scanned, and those of orders and refunds that came in
-- grain:   one row per parcel
-- params:  shop_id text, batch_ids bigint[], is_all boolean
-- reads:   facts.shipments, facts.shipments_history, facts.tracking_events, facts.orders, facts.refunds,
--          facts.refunds_history
-- writes:  pg_temp.touched_parcels
-- returns: count
CREATE TEMPORARY TABLE touched_parcels ON COMMIT DROP AS
WITH touched_orders AS (
    SELECT order_id
    FROM facts.orders
    WHERE
        NOT %(is_all)s::boolean
        AND batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
    UNION
    SELECT unnest(ARRAY[refunds.order_id, replaced.order_id]) AS order_id
    FROM facts.refunds AS refunds
    LEFT JOIN facts.refunds_history AS replaced
        ON
            refunds.shop_id = replaced.shop_id
            AND refunds.refund_id = replaced.refund_id
    WHERE
        NOT %(is_all)s::boolean
        AND refunds.batch_id = ANY(%(batch_ids)s::bigint[])
        AND refunds.shop_id = %(shop_id)s::text
),

found AS (
    SELECT shipment_id
    FROM facts.shipments
    WHERE
        shop_id = %(shop_id)s::text
        AND (%(is_all)s::boolean OR batch_id = ANY(%(batch_ids)s::bigint[]))
    UNION
    SELECT shipment_id
    FROM facts.tracking_events
    WHERE
        NOT %(is_all)s::boolean
        AND batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
    UNION
    SELECT parcels.shipment_id
    FROM touched_orders
    INNER JOIN facts.shipments AS parcels ON touched_orders.order_id = parcels.order_id
    WHERE parcels.shop_id = %(shop_id)s::text
    UNION
    SELECT parcels.shipment_id
    FROM touched_orders
    INNER JOIN facts.shipments_history AS parcels ON touched_orders.order_id = parcels.order_id
    WHERE parcels.shop_id = %(shop_id)s::text
)

SELECT
    shipment_id,
    'p:' || shipment_id AS event_id
FROM found
