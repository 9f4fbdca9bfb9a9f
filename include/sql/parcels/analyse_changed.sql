-- purpose: tell the planner how many parcels changed: three, or all of a history load
-- grain:   none
-- params:  none
-- reads:   pg_temp.changed_parcels
-- writes:  nothing
-- returns: nothing
ANALYZE pg_temp.changed_parcels
