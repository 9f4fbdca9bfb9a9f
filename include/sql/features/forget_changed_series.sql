-- purpose: make room for the series of a second refresh in one transaction
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.changed_series
-- returns: nothing
DROP TABLE IF EXISTS pg_temp.changed_series
