-- purpose: parcels clicked as shipped that no carrier has scanned: an alarm for the shop, never a text
-- grain:   one row per parcel
-- params:  shop_id text, as_of timestamptz
-- reads:   record.parcels and what record.parcels_as_of reads besides, record.logistics
-- writes:  nothing
-- returns: many
-- A printed label is no scan.
WITH norms AS (
    SELECT record.logistics_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS rules
)

SELECT
    parcels.shipment_id AS subject_id,
    parcels.customer_id,
    'not_scanned' AS reason,
    parcels.shipped_at + make_interval(secs => (norms.rules ->> 'no_first_scan_after')::float8) AS due_at,
    jsonb_strip_nulls(jsonb_build_object(
        'order_id', parcels.order_id,
        'carrier', parcels.carrier,
        'region', parcels.region,
        'shipped_at', to_char(timezone('UTC', parcels.shipped_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    )) AS detail
FROM record.parcels_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS parcels
CROSS JOIN norms
WHERE
    parcels.shipped_at > %(as_of)s::timestamptz - make_interval(
        secs => (norms.rules ->> 'give_up_after')::float8
    )
    AND parcels.shipped_at <= %(as_of)s::timestamptz - make_interval(
        secs => (norms.rules ->> 'no_first_scan_after')::float8
    )
    AND parcels.first_scan_at IS NULL
ORDER BY due_at, subject_id
