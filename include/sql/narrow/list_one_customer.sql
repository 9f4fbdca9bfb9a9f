-- purpose: one customer of a shop as the only one the scopes of the changed ones see
-- grain:   one row, none if the shop has no such customer
-- params:  shop_id text, customer_no bigint
-- reads:   facts.customers
-- writes:  pg_temp.changed_customers
-- returns: nothing
CREATE TEMPORARY TABLE changed_customers ON COMMIT DROP AS
SELECT customer_no
FROM facts.customers
WHERE
    customer_no = %(customer_no)s::bigint
    AND shop_id = %(shop_id)s::text
