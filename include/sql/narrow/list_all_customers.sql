-- purpose: every customer the narrow facts of a shop speak of, or its record still does
-- grain:   one row per customer_no
-- params:  shop_id text
-- reads:   record.paid_orders, record.refunds, record.events, record.customer_features
-- writes:  pg_temp.changed_customers
-- returns: nothing
CREATE TEMPORARY TABLE changed_customers ON COMMIT DROP AS
SELECT customer_no
FROM record.paid_orders
WHERE shop_id = %(shop_id)s::text
UNION
SELECT customer_no
FROM record.refunds
WHERE shop_id = %(shop_id)s::text
UNION
SELECT customer_no
FROM record.events
WHERE shop_id = %(shop_id)s::text
UNION
SELECT customer_no
FROM record.customer_features
WHERE shop_id = %(shop_id)s::text
