-- purpose: lines of a batch that break a row rule, each with all its reasons
-- grain:   one row per failing line
-- params:  batch_id bigint, as_of timestamptz, as_of_day text, rules statement, relation relation, keys columns,
--          version columns
-- reads:   the landing table
-- writes:  nothing
-- returns: many
SELECT
    broken_rules.line_no,
    array_agg(broken_rules.reason ORDER BY broken_rules.reason) AS reasons
FROM (
    SELECT
        failing_lines.line_no,
        broken.key AS reason
    FROM __rules__ AS failing_lines
    CROSS JOIN LATERAL jsonb_each(to_jsonb(failing_lines) - 'line_no') AS broken (key, is_broken)
    WHERE broken.is_broken = 'true'
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
) AS broken_rules
GROUP BY broken_rules.line_no
