-- purpose: order lines no one can take as they are
--          (duplicate and price_not_positive only where the export promises that it holds no such line)
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.order_line
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.unknown_kind,
    judged.duplicate,
    judged.price_not_positive
FROM (
    SELECT
        lines.line_no,
        lines.kind NOT IN ('goods', 'service') AS unknown_kind,
        lines.line_no > repeated.first_line_no AS duplicate,
        CASE
            WHEN lines.priced = 'true' AND pg_input_is_valid(lines.price, 'numeric')
                THEN lines.price::numeric <= 0
        END AS price_not_positive
    FROM landing.order_line AS lines
    LEFT JOIN (
        SELECT
            promised.line_digest,
            min(promised.line_no) AS first_line_no
        FROM landing.order_line AS promised
        WHERE promised.batch_id = %(batch_id)s::bigint AND promised.line_digest IS NOT NULL
        GROUP BY promised.line_digest
        HAVING count(*) > 1
    ) AS repeated ON lines.line_digest = repeated.line_digest
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.unknown_kind
    OR judged.duplicate
    OR judged.price_not_positive
