-- purpose: drop what a refresh or a run made for itself
-- grain:   none
-- params:  made relation
-- reads:   nothing
-- writes:  the made table
-- returns: nothing
DROP TABLE IF EXISTS __made__
