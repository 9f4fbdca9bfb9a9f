-- purpose: inquiries no one can take as they are; one names its customer, its order or both
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.inquiry
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.missing_key,
    judged.unknown_kind
FROM (
    SELECT
        lines.line_no,
        -- Somebody has to have asked.
        coalesce(lines.customer_id, lines.order_id) IS NULL AS missing_key,
        lines.kind NOT IN ('inquiry', 'complaint') AS unknown_kind
    FROM landing.inquiry AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.missing_key
    OR judged.unknown_kind
