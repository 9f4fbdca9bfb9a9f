-- purpose: parcels to chase with their carrier: past their day, or in trouble
-- grain:   one row per parcel
-- params:  shop_id text, as_of timestamptz
-- reads:   record.parcels and what record.parcels_as_of reads besides, record.logistics
-- writes:  nothing
-- returns: many
-- The reason is the trouble, or `late`. A parcel without a carrier's scan is not the carrier's to answer for: see
-- no_first_scan. Whether its buyer was told, or has asked for the money back, makes no difference here.
WITH norms AS (
    SELECT record.logistics_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS rules
)

SELECT
    parcels.shipment_id AS subject_id,
    parcels.customer_id,
    coalesce(standings.problem, 'late') AS reason,
    coalesce(standings.problem_from, standings.late_from) AS due_at,
    jsonb_strip_nulls(jsonb_build_object(
        'order_id', parcels.order_id,
        'carrier', parcels.carrier,
        'region', parcels.region,
        'last_scan', CASE
            WHEN parcels.turned_back_at IS NOT NULL THEN parcels.turned_back_state
            WHEN parcels.problem_at > coalesce(parcels.moved_at, '-infinity') THEN parcels.problem_state
            ELSE parcels.moved_state
        END,
        'last_scan_at', to_char(
            timezone('UTC', greatest(parcels.moved_at, parcels.problem_at, parcels.turned_back_at)),
            'YYYY-MM-DD"T"HH24:MI:SS"Z"'
        )
    )) AS detail
FROM record.parcels_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS parcels
CROSS JOIN norms
CROSS JOIN LATERAL facts.parcel_standing(parcels, norms.rules, %(as_of)s::timestamptz) AS standings
WHERE
    parcels.shipped_at > %(as_of)s::timestamptz - make_interval(
        secs => (norms.rules ->> 'give_up_after')::float8
    )
    AND parcels.first_scan_at IS NOT NULL
    AND (standings.is_late OR standings.problem IS NOT NULL)
ORDER BY due_at, subject_id
