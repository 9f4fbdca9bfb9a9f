-- purpose: parcels of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean
-- reads:   landing.shipment
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.shipment_id,
    good_lines.order_id,
    good_lines.carrier,
    good_lines.tracking_no,
    good_lines.region,
    good_lines.shipped_at::timestamptz AS shipped_at,
    good_lines.promised_at::timestamptz AS promised_at,
    coalesce(good_lines.modified_at::timestamptz, good_lines.shipped_at::timestamptz) AS modified_at,
    true AS has_version,
    CASE
        WHEN %(is_history)s::boolean THEN good_lines.shipped_at::timestamptz
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing.shipment AS good_lines
WHERE good_lines.batch_id = %(batch_id)s::bigint
