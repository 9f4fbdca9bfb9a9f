-- purpose: make room for another list of changed customers in one transaction
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.changed_customers
-- returns: nothing
DROP TABLE IF EXISTS pg_temp.changed_customers
