-- purpose: make room for the list of a second refresh in one transaction
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.relabelled_customers
-- returns: nothing
DROP TABLE IF EXISTS pg_temp.relabelled_customers
