-- purpose: visits no one can take as they are; those of nobody known are left out by the mapping, not here
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.visit
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.missing_key,
    judged.key_too_long,
    judged.missing_instant,
    judged.unreadable_instant,
    judged.unreadable_count
FROM (
    SELECT
        lines.line_no,
        (lines.visit_id IS NULL OR lines.customer_id IS NULL) AS missing_key,
        (
            length(lines.visit_id) > 200 OR length(lines.customer_id) > 200
        ) AS key_too_long,
        lines.happened_at IS NULL AS missing_instant,
        (
            NOT landing.is_instant(lines.happened_at)
            OR NOT landing.is_instant(lines.modified_at)
        ) AS unreadable_instant,
        (
            -- A duration may come with parts of a second.
            lines.seconds !~ '^[0-9]{1,9}([.][0-9]*)?$'
            OR lines.pages !~ '^[0-9]{1,9}$'
        ) AS unreadable_count
    FROM landing.visit AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.missing_key
    OR judged.key_too_long
    OR judged.missing_instant
    OR judged.unreadable_instant
    OR judged.unreadable_count
