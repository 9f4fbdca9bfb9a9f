-- purpose: tell the planner how many customers changed: three, or all of a history load
-- grain:   none
-- params:  none
-- reads:   pg_temp.changed_customers
-- writes:  nothing
-- returns: nothing
ANALYZE pg_temp.changed_customers
