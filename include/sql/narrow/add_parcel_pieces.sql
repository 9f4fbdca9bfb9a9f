-- purpose: from when parcels were late, by what was known at a time of them, their scans, orders and refunds
-- grain:   one row per parcel and time between two instants at which something about it became known
-- params:  shop_id text
-- reads:   pg_temp.parcel_facts, facts.tracking_events, facts.refunds, facts.refunds_history, record.logistics
-- writes:  pg_temp.event_pieces
-- returns: count
-- One known no longer when its day had passed was never known to be late.
INSERT INTO pg_temp.event_pieces (
    customer_no, happened_at, settled_at, amount, kind, event_id, known_from, known_until, is_whole
)
WITH instants AS (
    SELECT
        shipment_id,
        unnest(ARRAY[known_from, known_until]) AS instant
    FROM pg_temp.parcel_facts
    UNION
    SELECT
        scans.shipment_id,
        scans.known_at AS instant
    FROM pg_temp.parcel_facts AS parcels
    INNER JOIN facts.tracking_events AS scans ON parcels.shipment_id = scans.shipment_id
    WHERE scans.shop_id = %(shop_id)s::text
    UNION
    SELECT
        parcels.shipment_id,
        refunds.known_at AS instant
    FROM pg_temp.parcel_facts AS parcels
    INNER JOIN facts.refunds AS refunds ON parcels.order_id = refunds.order_id
    WHERE refunds.shop_id = %(shop_id)s::text
    UNION
    SELECT
        parcels.shipment_id,
        unnest(ARRAY[refunds.known_from, refunds.known_until]) AS instant
    FROM pg_temp.parcel_facts AS parcels
    INNER JOIN facts.refunds_history AS refunds ON parcels.order_id = refunds.order_id
    WHERE refunds.shop_id = %(shop_id)s::text
),

spans AS (
    SELECT
        shipment_id,
        instant AS known_from,
        lead(instant) OVER (PARTITION BY shipment_id ORDER BY instant) AS known_until
    FROM instants
),

standings AS (
    SELECT
        parcels.customer_no,
        parcels.shipment_id,
        days.late_from,
        days.zone,
        least(ends.over_at, parcels.closed_at) AS over_at,
        spans.known_from,
        spans.known_until
    FROM spans
    INNER JOIN pg_temp.parcel_facts AS parcels
        ON
            spans.shipment_id = parcels.shipment_id
            AND spans.known_from >= parcels.known_from
            AND spans.known_until <= parcels.known_until
    CROSS JOIN
        LATERAL record.parcel_ends(
            %(shop_id)s::text, parcels.shipment_id, parcels.order_id, parcels.shipped_at, spans.known_from
        ) AS ends
    CROSS JOIN LATERAL record.parcel_late_from(
        %(shop_id)s::text, parcels.carrier, parcels.region, parcels.shipped_at, parcels.promised_at,
        ends.first_scan_at
    ) AS days
)

SELECT
    customer_no,
    late_from AS happened_at,
    over_at AS settled_at,
    (over_at AT TIME ZONE zone)::date - (late_from AT TIME ZONE zone - interval '1 microsecond')::date AS amount,
    'late_parcel' AS kind,
    'p:' || shipment_id AS event_id,
    known_from,
    known_until,
    false AS is_whole
FROM standings
WHERE
    known_until > late_from
    AND (over_at IS NULL OR over_at >= late_from)
