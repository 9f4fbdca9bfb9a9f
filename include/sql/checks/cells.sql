-- purpose: cells that break the rule of their column; a quick look at whole lines first, and a close one at those that
--          did not pass it
-- grain:   one row per broken cell
-- params:  batch_id bigint, relation relation, rules jsonb, shortest_limit integer, required columns, texts columns,
--          measured each, typed each, amounts each
-- reads:   the landing table
-- writes:  nothing
-- returns: many
SELECT
    suspects.line_no,
    rules.name AS column_name,
    landing.cell_fault(
        suspects.cells ->> rules.name, rules.kind, rules.is_required, rules.longest, suspects.cells ->> 'currency'
    ) AS reason
FROM (
    SELECT
        lines.line_no,
        to_jsonb(lines) AS cells
    FROM __relation__ AS lines
    WHERE
        lines.batch_id = %(batch_id)s::bigint
        AND (
            num_nulls(__lines.required__) > 0
            OR landing.has_odd_characters(concat(__lines.texts__))
            OR %(shortest_limit)s::integer < ANY(ARRAY[length(__lines.measured__)])
            OR false = ANY(ARRAY[landing.is_cell(__lines.typed__, NULL)]::boolean[])
            OR false = ANY(ARRAY[landing.is_cell(__lines.amounts__, lines.currency)]::boolean[])
        )
) AS suspects
CROSS JOIN
    LATERAL jsonb_to_recordset(%(rules)s::jsonb)
        AS rules (name text, kind text, is_required boolean, longest integer)
