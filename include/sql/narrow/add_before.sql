-- purpose: add those the narrow facts of a shop no longer speak of to everybody they do
-- grain:   one row per customer_no
-- params:  none
-- reads:   pg_temp.changed_numbers
-- writes:  pg_temp.changed_customers
-- returns: count
INSERT INTO pg_temp.changed_customers (customer_no)
SELECT customer_no
FROM pg_temp.changed_numbers
EXCEPT
SELECT customer_no
FROM pg_temp.changed_customers
