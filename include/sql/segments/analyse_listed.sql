-- purpose: tell the planner how many customers are looked at again: three, or all
-- grain:   none
-- params:  none
-- reads:   pg_temp.relabelled_customers
-- writes:  nothing
-- returns: nothing
ANALYZE pg_temp.relabelled_customers
