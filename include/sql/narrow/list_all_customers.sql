-- purpose: every customer of a shop, and whoever its record still speaks of: read from there, for the narrow facts of
--          ten million orders take minutes to name a million customers
-- grain:   one row per customer_no
-- params:  shop_id text
-- reads:   facts.customers, record.customer_features
-- writes:  pg_temp.changed_customers
-- returns: nothing
CREATE TEMPORARY TABLE changed_customers ON COMMIT DROP AS
SELECT customer_no
FROM facts.customers
WHERE shop_id = %(shop_id)s::text
UNION
SELECT customer_no
FROM record.customer_features
WHERE shop_id = %(shop_id)s::text
