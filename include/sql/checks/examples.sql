-- purpose: why lines of a batch break row rules: each reason with its columns, how many lines, and the first of them
-- grain:   one row per reason and columns, the most frequent first
-- params:  batch_id bigint, as_of timestamptz, as_of_day text, failing statement, cells statement, rows statement,
--          relation relation, keys columns, version columns, columns_of_rules jsonb, rules jsonb,
--          shortest_limit integer, required columns, texts columns, measured each, typed each, amounts each
-- reads:   the landing table
-- writes:  nothing
-- returns: many
SELECT
    told.reason,
    told.columns,
    told.lines,
    told.line_no,
    to_jsonb(examples) AS payload
FROM (
    SELECT
        answers.key AS reason,
        answers.value AS columns,
        count(*) AS lines,
        min(failing_lines.line_no) AS line_no
    FROM __failing__ AS failing_lines
    CROSS JOIN LATERAL jsonb_each(failing_lines.columns_by_reason) AS answers (key, value)
    GROUP BY answers.key, answers.value
) AS told
INNER JOIN __relation__ AS examples ON examples.batch_id = %(batch_id)s::bigint AND told.line_no = examples.line_no
ORDER BY told.lines DESC, told.reason ASC, told.line_no ASC
LIMIT 20
