-- purpose: deliveries before the ship click: told of and kept as they are, for the later scans of a parcel may be right
-- grain:   one row per such line
-- params:  batch_id bigint
-- reads:   landing.tracking_event, landing.shipment, landing.batch, facts.shipments
-- writes:  nothing
-- returns: many
WITH deliveries AS (
    -- All lines, not those of {batch}, which Great Expectations wants to see named: an unreadable one gives NULL.
    SELECT
        batches.shop_id,
        lines.line_no,
        lines.shipment_id,
        CASE WHEN landing.is_instant(lines.happened_at) THEN lines.happened_at::timestamptz END AS happened_at
    FROM landing.tracking_event AS lines
    INNER JOIN landing.batch AS batches ON lines.batch_id = batches.batch_id
    WHERE lines.batch_id = %(batch_id)s::bigint AND lines.state = 'delivered'
)

SELECT deliveries.line_no
FROM deliveries
INNER JOIN facts.shipments AS parcels
    ON deliveries.shop_id = parcels.shop_id AND deliveries.shipment_id = parcels.shipment_id
WHERE deliveries.happened_at < parcels.shipped_at
UNION
-- Parcels that came with them are judged with them, and loaded before.
SELECT deliveries.line_no
FROM deliveries
INNER JOIN landing.batch AS parcel_batches
    ON
        deliveries.shop_id = parcel_batches.shop_id
        AND parcel_batches.entity = 'shipment'
        AND parcel_batches.state = 'pending'
INNER JOIN landing.shipment AS parcels
    ON parcel_batches.batch_id = parcels.batch_id AND deliveries.shipment_id = parcels.shipment_id
WHERE CASE WHEN landing.is_instant(parcels.shipped_at) THEN parcels.shipped_at::timestamptz END > deliveries.happened_at
