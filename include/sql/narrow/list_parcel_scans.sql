-- purpose: scans that say something of the parcels that may have been late
-- grain:   one row per scan
-- params:  shop_id text
-- reads:   pg_temp.perhaps_late, facts.tracking_events
-- writes:  pg_temp.parcel_scans
-- returns: nothing
CREATE TEMPORARY TABLE parcel_scans ON COMMIT DROP AS
SELECT
    scans.shipment_id,
    scans.happened_at,
    scans.known_at,
    scans.state = 'ready_for_pickup' AS is_ready,
    facts.scan_kind(scans.state) = 'end' AS is_end
FROM pg_temp.perhaps_late AS perhaps_late
INNER JOIN facts.tracking_events AS scans ON perhaps_late.shipment_id = scans.shipment_id
WHERE
    scans.shop_id = %(shop_id)s::text
    AND facts.scan_kind(scans.state) <> 'silent'
