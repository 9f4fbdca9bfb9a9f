-- purpose: look at the segments of every customer of a shop again
-- grain:   one row per customer
-- params:  shop_id text
-- reads:   record.customer_features, record.customer_segments
-- writes:  pg_temp.relabelled_customers
-- returns: nothing
CREATE TEMPORARY TABLE relabelled_customers ON COMMIT DROP AS
SELECT customer_no
FROM record.customer_features
WHERE shop_id = %(shop_id)s::text
UNION
SELECT customer_no
FROM record.customer_segments
WHERE shop_id = %(shop_id)s::text
