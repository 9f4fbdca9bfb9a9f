-- purpose: forget the address of a test
-- grain:   one row per test customer and address
-- params:  shop_id text, customer_id text
-- reads:   nothing
-- writes:  contact.contact_points
-- returns: count
DELETE FROM contact.contact_points AS points
WHERE
    points.shop_id = %(shop_id)s::text
    AND points.customer_id = %(customer_id)s::text
