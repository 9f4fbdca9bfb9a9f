-- purpose: a customer is in the list once, and found by number however few the planner takes them for
-- grain:   none
-- params:  none
-- reads:   pg_temp.changed_customers
-- writes:  pg_temp.changed_customers
-- returns: nothing
CREATE UNIQUE INDEX changed_customers_key ON pg_temp.changed_customers (customer_no)
