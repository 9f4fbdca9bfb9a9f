-- purpose: how many days each parcel was on its way, from the carrier's first scan, and whether it then arrived
-- grain:   one row per scanned parcel of the window
-- params:  shop_id text, as_of timestamptz, since timestamptz, zone text, zones jsonb
-- reads:   facts.shipments, facts.shipments_history, facts.tracking_events
-- writes:  pg_temp.observations
-- returns: nothing
--          (outer_key is the carrier, inner_key the region, '' where nobody says; age: whole days of the buyer's zone,
--          the day of the first scan is 0)
CREATE TEMPORARY TABLE observations ON COMMIT DROP AS
WITH parcels AS (
    SELECT
        shipment_id,
        coalesce(carrier, '') AS carrier,
        coalesce(region, '') AS region,
        shipped_at,
        coalesce(%(zones)s::jsonb ->> region, %(zone)s::text) AS zone
    FROM facts.shipments_as_of(%(shop_id)s::text, %(as_of)s::timestamptz)
    WHERE shipped_at > %(since)s::timestamptz
),

-- Scans long before the ship click are another parcel's (0009, rule 4); a label is no scan of the carrier's.
scanned_parcels AS (
    SELECT
        parcels.shipment_id,
        parcels.carrier,
        parcels.region,
        parcels.zone,
        min(scans.happened_at) AS first_scan_at,
        min(scans.happened_at) FILTER (WHERE scans.state = 'delivered') AS delivered_at,
        min(scans.happened_at) FILTER (
            WHERE scans.state IN ('refused', 'returning', 'returned', 'cancelled')
        ) AS turned_back_at
    FROM parcels
    INNER JOIN facts.tracking_events_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS scans
        ON parcels.shipment_id = scans.shipment_id
    WHERE
        scans.happened_at > parcels.shipped_at - interval '3 days'
        AND facts.scan_kind(scans.state) <> 'silent'
    GROUP BY parcels.shipment_id, parcels.carrier, parcels.region, parcels.zone
),

-- One that turned back never arrives, and is watched on as such. One that is open has not arrived by the end of
-- yesterday: today is not over.
watched_parcels AS (
    SELECT
        carrier,
        region,
        (first_scan_at AT TIME ZONE zone)::date AS first_day,
        CASE
            WHEN delivered_at < coalesce(turned_back_at, 'infinity') THEN (delivered_at AT TIME ZONE zone)::date
        END AS arrived_on,
        (%(as_of)s::timestamptz AT TIME ZONE zone)::date - 1 AS yesterday
    FROM scanned_parcels
)

SELECT
    carrier AS outer_key,
    region AS inner_key,
    arrived_on IS NOT NULL AS is_event,
    (coalesce(arrived_on, yesterday) - first_day)::bigint AS age,
    NULL::bigint AS closes
FROM watched_parcels
WHERE coalesce(arrived_on, yesterday) >= first_day
