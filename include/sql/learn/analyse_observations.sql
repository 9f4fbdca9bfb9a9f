-- purpose: let the planner know how much was observed
-- grain:   none
-- params:  none
-- reads:   pg_temp.observations
-- writes:  statistics
-- returns: nothing
ANALYZE pg_temp.observations
