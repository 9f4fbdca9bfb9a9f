-- purpose: make room for what another learner observes in the same transaction
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.observations, pg_temp.curves
-- returns: nothing
DROP TABLE IF EXISTS pg_temp.observations, pg_temp.curves
