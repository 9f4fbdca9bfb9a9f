-- purpose: what is among the staged lines: some to sift (older than what is known, or several of one key), some known
-- grain:   one row
-- params:  staged relation, keys columns
-- reads:   the staged lines
-- writes:  nothing
-- returns: one
SELECT
    EXISTS (
        SELECT 1
        FROM __staged__
        WHERE is_stale
    )
    OR EXISTS (
        SELECT 1
        FROM __staged__
        GROUP BY __keys__
        HAVING count(*) > 1
    ) AS needs_sifting,
    EXISTS(
        SELECT 1
        FROM __staged__
        WHERE is_known
    ) AS has_known
