-- purpose: tell the planner at once what a big batch brought
-- grain:   one relation
-- params:  relation relation
-- reads:   the relation
-- writes:  the statistics
-- returns: nothing
ANALYZE __relation__ (batch_id)
