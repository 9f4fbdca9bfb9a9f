-- purpose: lines of a batch that break a row rule, each with all its reasons and the columns that gave them
-- grain:   one row per failing line
-- params:  batch_id bigint, as_of timestamptz, as_of_day text, cells statement, rows statement, relation relation,
--          keys columns, version columns, columns_of_rules jsonb, rules jsonb, shortest_limit integer,
--          required columns, texts columns, measured each, typed each, amounts each
-- reads:   the landing table
-- writes:  nothing
-- returns: many
SELECT
    broken_rules.line_no,
    array_agg(broken_rules.reason ORDER BY broken_rules.reason) AS reasons,
    jsonb_object_agg(broken_rules.reason, broken_rules.column_names) AS columns_by_reason
FROM (
    SELECT
        broken.line_no,
        broken.reason,
        coalesce(
            jsonb_agg(DISTINCT broken.column_name) FILTER (WHERE broken.column_name IS NOT NULL), '[]'
        ) AS column_names
    FROM (
        SELECT
            broken_cells.line_no,
            broken_cells.reason,
            broken_cells.column_name
        FROM __cells__ AS broken_cells
        WHERE broken_cells.reason IS NOT NULL
        UNION ALL
        SELECT
            broken_lines.line_no,
            broken_lines.reason,
            broken_columns.column_name
        FROM (
            SELECT
                failing_lines.line_no,
                answers.key AS reason
            FROM __rows__ AS failing_lines
            CROSS JOIN LATERAL jsonb_each(to_jsonb(failing_lines) - 'line_no') AS answers (key, is_broken)
            WHERE answers.is_broken = 'true'
            UNION ALL
            -- The same version twice with different content: nobody can say which is right.
            SELECT
                repeated_lines.line_no,
                'contradicting_versions' AS reason
            FROM (
                WITH repeated_keys AS MATERIALIZED (
                    SELECT __keyed.keys__
                    FROM __relation__ AS keyed
                    WHERE keyed.batch_id = %(batch_id)s::bigint AND (__keyed.keys__) IS NOT NULL
                    GROUP BY __keyed.keys__
                    HAVING count(*) > 1
                )

                SELECT
                    lines.line_no,
                    min(contents.content) OVER same_version AS least,
                    max(contents.content) OVER same_version AS greatest
                FROM repeated_keys
                INNER JOIN __relation__ AS lines ON (__repeated_keys.keys__) = (__lines.keys__)
                CROSS JOIN
                    LATERAL (
                        SELECT (to_jsonb(lines) - 'batch_id' - 'line_no')::text
                    ) AS contents (content)
                WHERE lines.batch_id = %(batch_id)s::bigint
                WINDOW same_version AS (PARTITION BY __lines.keys__, coalesce(__lines.version__, ''))
            ) AS repeated_lines
            WHERE repeated_lines.least <> repeated_lines.greatest
        ) AS broken_lines
        LEFT JOIN
            LATERAL jsonb_array_elements_text(%(columns_of_rules)s::jsonb -> broken_lines.reason)
                AS broken_columns (column_name)
            ON true
    ) AS broken
    GROUP BY broken.line_no, broken.reason
) AS broken_rules
GROUP BY broken_rules.line_no
