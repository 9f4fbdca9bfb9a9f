-- purpose: drop a run's scratch table
-- grain:   none
-- params:  scratch relation
-- reads:   nothing
-- writes:  the scratch table
-- returns: nothing
DROP TABLE IF EXISTS __scratch__
