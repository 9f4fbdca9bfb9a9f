-- purpose: versions made are found by what they are of, however few the planner expects to look for
-- grain:   none
-- params:  made relation, keys columns
-- reads:   nothing
-- writes:  the made table
-- returns: nothing
CREATE INDEX ON __made__ (__keys__)
