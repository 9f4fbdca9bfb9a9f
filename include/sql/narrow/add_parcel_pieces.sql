-- purpose: from when parcels were late, by what was known at a time of them, their scans, orders and refunds (scans
--          read as facts.parcel_log does); one that waits for its buyer is over
-- grain:   one row per parcel and time between two instants at which something about it became known
-- params:  shop_id text
-- reads:   pg_temp.parcel_facts, pg_temp.parcel_scans, pg_temp.parcel_refunds, record.logistics
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
        shipment_id,
        known_at AS instant
    FROM pg_temp.parcel_scans
    UNION
    SELECT
        parcels.shipment_id,
        unnest(ARRAY[refunds.known_from, refunds.known_until]) AS instant
    FROM pg_temp.parcel_facts AS parcels
    INNER JOIN pg_temp.parcel_refunds AS refunds ON parcels.order_id = refunds.order_id
),

spans AS (
    SELECT
        shipment_id,
        instant AS known_from,
        lead(instant) OVER (PARTITION BY shipment_id ORDER BY instant) AS known_until
    FROM instants
),

pieces AS (
    SELECT
        row_number() OVER () AS piece_no,
        parcels.*,
        spans.known_from AS piece_from,
        spans.known_until AS piece_until
    FROM spans
    INNER JOIN pg_temp.parcel_facts AS parcels
        ON
            spans.shipment_id = parcels.shipment_id
            AND spans.known_from >= parcels.known_from
            AND spans.known_until <= parcels.known_until
),

scanned AS (
    SELECT
        pieces.piece_no,
        min(scans.happened_at) FILTER (
            WHERE scans.happened_at > pieces.shipped_at - interval '3 days'
        ) AS first_scan_at,
        min(scans.happened_at) FILTER (
            WHERE scans.is_end OR (scans.is_ready AND scans.happened_at > pieces.shipped_at - interval '3 days')
        ) AS over_at
    FROM pieces
    INNER JOIN pg_temp.parcel_scans AS scans
        ON
            pieces.shipment_id = scans.shipment_id
            AND pieces.piece_from >= scans.known_at
    GROUP BY pieces.piece_no
),

refunded AS (
    SELECT
        pieces.piece_no,
        min(refunds.happened_at) AS over_at
    FROM pieces
    INNER JOIN pg_temp.parcel_refunds AS refunds
        ON
            pieces.order_id = refunds.order_id
            AND pieces.piece_from >= refunds.known_from
            AND pieces.piece_from < refunds.known_until
    GROUP BY pieces.piece_no
),

standings AS (
    SELECT
        pieces.*,
        days.late_from,
        days.zone,
        least(scanned.over_at, refunded.over_at, pieces.closed_at) AS over_at
    FROM pieces
    LEFT JOIN scanned ON pieces.piece_no = scanned.piece_no
    LEFT JOIN refunded ON pieces.piece_no = refunded.piece_no
    CROSS JOIN
        LATERAL record.parcel_late_from(
            %(shop_id)s::text, pieces.carrier, pieces.region, pieces.shipped_at, pieces.promised_at,
            scanned.first_scan_at
        ) AS days
)

SELECT
    customer_no,
    late_from AS happened_at,
    over_at AS settled_at,
    (over_at AT TIME ZONE zone)::date - (late_from AT TIME ZONE zone - interval '1 microsecond')::date AS amount,
    'late_parcel' AS kind,
    'p:' || shipment_id AS event_id,
    piece_from AS known_from,
    piece_until AS known_until,
    false AS is_whole
FROM standings
WHERE
    piece_until > late_from
    AND (over_at IS NULL OR over_at >= late_from)
