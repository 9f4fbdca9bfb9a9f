-- purpose: inquiries no one can take as they are; one names its customer, its order or both
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.inquiry
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.missing_key,
    judged.key_too_long,
    judged.missing_instant,
    judged.unreadable_instant,
    judged.unknown_kind
FROM (
    SELECT
        lines.line_no,
        (
            lines.inquiry_id IS NULL
            -- Somebody has to have asked.
            OR coalesce(lines.customer_id, lines.order_id) IS NULL
        ) AS missing_key,
        (
            length(lines.inquiry_id) > 200 OR length(lines.order_id) > 200 OR length(lines.customer_id) > 200
        ) AS key_too_long,
        lines.happened_at IS NULL AS missing_instant,
        (
            NOT landing.is_instant(lines.happened_at)
            OR NOT landing.is_instant(lines.modified_at)
        ) AS unreadable_instant,
        lines.kind NOT IN ('inquiry', 'complaint') AS unknown_kind
    FROM landing.inquiry AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.missing_key
    OR judged.key_too_long
    OR judged.missing_instant
    OR judged.unreadable_instant
    OR judged.unknown_kind
