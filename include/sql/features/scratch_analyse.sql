-- purpose: statistics of a scratch table, so that few candidates are not joined to it row by row
-- grain:   none
-- params:  scratch relation
-- reads:   the scratch table
-- writes:  nothing
-- returns: nothing
ANALYZE __scratch__
