-- purpose: staged lines that are older than what is known, or than another line of their batch
-- grain:   one row
-- params:  staged relation
-- reads:   the staged lines
-- writes:  nothing
-- returns: one
SELECT count(*) AS superseded
FROM __staged__
WHERE is_stale OR version_rank > 1
