-- purpose: note everybody the narrow facts of a shop spoke of before they are made anew
-- grain:   one row per customer_no
-- params:  shop_id text
-- reads:   record.paid_orders, record.refunds, record.events
-- writes:  pg_temp.changed_numbers
-- returns: count
INSERT INTO pg_temp.changed_numbers (customer_no)
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
