-- purpose: parcels no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.shipment
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.missing_key,
    judged.key_too_long,
    judged.missing_instant,
    judged.unreadable_instant
FROM (
    SELECT
        lines.line_no,
        (lines.shipment_id IS NULL OR lines.order_id IS NULL) AS missing_key,
        (length(lines.shipment_id) > 200 OR length(lines.order_id) > 200) AS key_too_long,
        lines.shipped_at IS NULL AS missing_instant,
        (
            NOT landing.is_instant(lines.shipped_at)
            OR NOT landing.is_instant(lines.promised_at)
            OR NOT landing.is_instant(lines.modified_at)
        ) AS unreadable_instant
    FROM landing.shipment AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.missing_key
    OR judged.key_too_long
    OR judged.missing_instant
    OR judged.unreadable_instant
