-- purpose: one number for everything a made relation says, whatever the order of its rows
-- grain:   one row
-- params:  made relation
-- reads:   the made relation
-- writes:  nothing
-- returns: one
SELECT
    count(*) AS row_count,
    coalesce(sum(hashtextextended(made::text, 0)), 0)::text AS digest
FROM __made__ AS made
