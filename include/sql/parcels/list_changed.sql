-- purpose: parcels whose standing may change: they, their scans, their orders or refunds of those came in, or the head
--          has reached an instant that was known before
-- grain:   one row per parcel
-- params:  shop_id text, as_of timestamptz, batch_ids bigint[]
-- reads:   facts.shipments, facts.tracking_events, facts.orders, facts.refunds, record.parcels
-- writes:  pg_temp.changed_parcels
-- returns: nothing
CREATE TEMPORARY TABLE changed_parcels ON COMMIT DROP AS
SELECT shipment_id
FROM facts.shipments
WHERE
    batch_id = ANY(%(batch_ids)s::bigint[])
    AND shop_id = %(shop_id)s::text
UNION
SELECT shipment_id
FROM facts.tracking_events
WHERE
    batch_id = ANY(%(batch_ids)s::bigint[])
    AND shop_id = %(shop_id)s::text
UNION
SELECT parcels.shipment_id
FROM facts.orders AS orders
INNER JOIN facts.shipments AS parcels
    ON
        orders.shop_id = parcels.shop_id
        AND orders.order_id = parcels.order_id
WHERE
    orders.batch_id = ANY(%(batch_ids)s::bigint[])
    AND orders.shop_id = %(shop_id)s::text
UNION
SELECT parcels.shipment_id
FROM facts.refunds AS refunds
INNER JOIN facts.shipments AS parcels
    ON
        refunds.shop_id = parcels.shop_id
        AND refunds.order_id = parcels.order_id
WHERE
    refunds.batch_id = ANY(%(batch_ids)s::bigint[])
    AND refunds.shop_id = %(shop_id)s::text
UNION
SELECT shipment_id
FROM record.parcels
WHERE
    shop_id = %(shop_id)s::text
    AND next_at <= %(as_of)s::timestamptz
