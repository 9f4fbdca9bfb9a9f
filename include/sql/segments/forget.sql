-- purpose: make room for the segments of another instant in one transaction
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.customers_as_of, pg_temp.labelled_customers
-- returns: nothing
DROP TABLE IF EXISTS pg_temp.customers_as_of, pg_temp.labelled_customers
