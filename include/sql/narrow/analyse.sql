-- purpose: tell the planner what a list holds: three orders, or all of a history load
-- grain:   none
-- params:  made relation
-- reads:   the list
-- writes:  nothing
-- returns: nothing
ANALYZE __made__
