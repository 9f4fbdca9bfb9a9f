-- purpose: of the touched parcels, those that may have been late by what was known at some time: no end had happened
--          and was known when their day had passed
-- grain:   one row per parcel
-- params:  shop_id text
-- reads:   pg_temp.touched_parcels, facts.shipments, facts.shipments_history, facts.tracking_events, record.logistics
-- writes:  pg_temp.perhaps_late
-- returns: count
-- By the earliest scan of all the day is never later than by those known at a time. A promise is never late a day
-- before its own instant, in any zone: most parcels are over by then, and need no look at the norms.
CREATE TEMPORARY TABLE perhaps_late ON COMMIT DROP AS
WITH scans AS (
    SELECT
        scans.shipment_id,
        min(scans.happened_at) FILTER (WHERE facts.scan_kind(scans.state) <> 'silent') AS first_scan_at,
        min(greatest(scans.happened_at, scans.known_at)) FILTER (
            WHERE facts.scan_kind(scans.state) = 'end'
        ) AS over_known_at
    FROM pg_temp.touched_parcels AS touched
    INNER JOIN facts.tracking_events AS scans ON touched.shipment_id = scans.shipment_id
    WHERE scans.shop_id = %(shop_id)s::text
    GROUP BY scans.shipment_id
),

versions AS (
    SELECT
        parcels.shipment_id,
        parcels.carrier,
        parcels.region,
        parcels.shipped_at,
        parcels.promised_at
    FROM pg_temp.touched_parcels AS touched
    INNER JOIN facts.shipments AS parcels ON touched.shipment_id = parcels.shipment_id
    WHERE parcels.shop_id = %(shop_id)s::text
    UNION
    SELECT
        parcels.shipment_id,
        parcels.carrier,
        parcels.region,
        parcels.shipped_at,
        parcels.promised_at
    FROM pg_temp.touched_parcels AS touched
    INNER JOIN facts.shipments_history AS parcels ON touched.shipment_id = parcels.shipment_id
    WHERE parcels.shop_id = %(shop_id)s::text
)

SELECT DISTINCT versions.shipment_id
FROM versions
LEFT JOIN scans ON versions.shipment_id = scans.shipment_id
CROSS JOIN
    LATERAL record.parcel_late_from(
        %(shop_id)s::text, versions.carrier, versions.region, versions.shipped_at, versions.promised_at,
        scans.first_scan_at
    ) AS days
WHERE
    (
        versions.promised_at IS NULL
        OR scans.over_known_at IS NULL
        OR scans.over_known_at >= versions.promised_at - interval '24 hours'
    )
    AND days.late_from IS NOT NULL
    AND (scans.over_known_at IS NULL OR scans.over_known_at >= days.late_from)
