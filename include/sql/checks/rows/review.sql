-- purpose: reviews no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.review
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.missing_key,
    judged.key_too_long,
    judged.unreadable_instant,
    judged.unknown_score
FROM (
    SELECT
        lines.line_no,
        (lines.order_id IS NULL OR lines.review_id IS NULL) AS missing_key,
        (length(lines.order_id) > 200 OR length(lines.review_id) > 200) AS key_too_long,
        (
            NOT landing.is_instant(lines.happened_at)
            OR NOT landing.is_instant(lines.modified_at)
        ) AS unreadable_instant,
        (lines.score IS NULL OR lines.score NOT IN ('1', '2', '3', '4', '5')) AS unknown_score
    FROM landing.review AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.missing_key
    OR judged.key_too_long
    OR judged.unreadable_instant
    OR judged.unknown_score
