-- purpose: tell the planner what was made: three rows, or a million
-- grain:   none
-- params:  made relation
-- reads:   the made table
-- writes:  nothing
-- returns: nothing
ANALYZE __made__
