-- purpose: leave only the newest staged line of each key, and none that is older than what is known; count the
--          older ones
-- grain:   one row
-- params:  staged relation, keys columns
-- reads:   the staged lines
-- writes:  the staged lines
-- returns: one
WITH ranked_lines AS (
    SELECT
        staged_lines.ctid AS at,
        rank() OVER newest_version AS version_rank,
        row_number() OVER newest_line AS line_rank
    FROM __staged__ AS staged_lines
    WINDOW
        newest_version AS (PARTITION BY __staged_lines.keys__ ORDER BY staged_lines.modified_at DESC),
        newest_line AS (
            PARTITION BY __staged_lines.keys__ ORDER BY staged_lines.modified_at DESC, staged_lines.line_no DESC
        )
),

dropped_lines AS (
    DELETE FROM __staged__ AS staged_lines
    USING ranked_lines
    WHERE
        staged_lines.ctid = ranked_lines.at
        AND (ranked_lines.line_rank > 1 OR staged_lines.is_stale)
    RETURNING ranked_lines.version_rank > 1 OR staged_lines.is_stale AS is_older
)

SELECT count(*) FILTER (WHERE is_older) AS superseded
FROM dropped_lines
