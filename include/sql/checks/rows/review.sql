-- purpose: reviews no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.review
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.unknown_score
FROM (
    SELECT
        lines.line_no,
        (lines.score IS NULL OR lines.score NOT IN ('1', '2', '3', '4', '5')) AS unknown_score
    FROM landing.review AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.unknown_score
