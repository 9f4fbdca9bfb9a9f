-- purpose: refunds no one can take as they are; one may name no order, as a cancelling document does
--          (duplicate and price_not_positive only where the export promises that it holds no such line)
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.refund
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.unknown_state,
    judged.duplicate,
    judged.price_not_positive
FROM (
    SELECT
        lines.line_no,
        lines.state NOT IN ('asked', 'succeeded', 'refused') AS unknown_state,
        lines.line_no > repeated.first_line_no AS duplicate,
        CASE
            WHEN lines.priced = 'true' AND pg_input_is_valid(lines.amount, 'numeric')
                THEN lines.amount::numeric <= 0
        END AS price_not_positive
    FROM landing.refund AS lines
    LEFT JOIN (
        SELECT
            promised.line_digest,
            min(promised.line_no) AS first_line_no
        FROM landing.refund AS promised
        WHERE promised.batch_id = %(batch_id)s::bigint AND promised.line_digest IS NOT NULL
        GROUP BY promised.line_digest
        HAVING count(*) > 1
    ) AS repeated ON lines.line_digest = repeated.line_digest
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.unknown_state
    OR judged.duplicate
    OR judged.price_not_positive
