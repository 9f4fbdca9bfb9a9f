-- purpose: payments no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.payment
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.unknown_state
FROM (
    SELECT
        lines.line_no,
        lines.state NOT IN ('started', 'succeeded', 'failed', 'cancelled') AS unknown_state
    FROM landing.payment AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.unknown_state
