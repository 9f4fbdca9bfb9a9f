-- purpose: the good lines of a batch that are new, changed or older than what is known; the others are unchanged
-- grain:   one row per such line
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean,
--          staged relation, typed statement, fact relation, keys columns, content columns
-- reads:   the landing table, the fact
-- writes:  a temporary table
-- returns: count
CREATE TEMPORARY TABLE __staged__ ON COMMIT DROP AS
SELECT
    typed_lines.*, -- noqa: AM04
    currents.shop_id IS NOT NULL AS is_known,
    currents.shop_id IS NOT NULL AND typed_lines.modified_at < currents.modified_at AS is_stale
FROM __typed__ AS typed_lines
LEFT JOIN __fact__ AS currents ON (__typed_lines.keys__) = (__currents.keys__)
WHERE
    currents.shop_id IS NULL
    OR typed_lines.modified_at < currents.modified_at
    OR (typed_lines.has_version AND typed_lines.modified_at > currents.modified_at)
    OR (__typed_lines.content__) IS DISTINCT FROM (__currents.content__)
