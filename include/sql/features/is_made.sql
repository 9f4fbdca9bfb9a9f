-- purpose: whether a table has been made
-- grain:   one row
-- params:  made text
-- reads:   the catalogue
-- writes:  nothing
-- returns: one
SELECT to_regclass(%(made)s::text) IS NOT NULL AS is_made
