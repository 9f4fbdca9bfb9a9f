-- purpose: tell the planner at once what a table holds that a batch has filled
-- grain:   one relation
-- params:  relation relation
-- reads:   the relation
-- writes:  the statistics
-- returns: nothing
ANALYZE __relation__
