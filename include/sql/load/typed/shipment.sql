-- purpose: parcels of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean
-- reads:   landing.shipment, landing.quarantine
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
    CASE WHEN %(is_history)s::boolean THEN good_lines.shipped_at::timestamptz ELSE %(as_of)s::timestamptz END AS known_at
FROM (
    SELECT lines.*
    FROM landing.shipment AS lines
    WHERE
        lines.batch_id = %(batch_id)s::bigint
        AND NOT EXISTS (
            SELECT 1
            FROM landing.quarantine AS quarantined
            WHERE quarantined.batch_id = lines.batch_id AND quarantined.line_no = lines.line_no
        )
    -- A fence: nothing of a quarantined line may be cast, wherever the planner would like to.
    OFFSET 0
) AS good_lines
