-- purpose: make room for the list of changed customers of a second refresh in one transaction
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.changed_customers
-- returns: nothing
DROP TABLE IF EXISTS pg_temp.changed_customers
