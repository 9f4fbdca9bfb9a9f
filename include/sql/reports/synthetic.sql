-- purpose: whether a shop writes to made-up addresses
-- grain:   one row
-- params:  shop_id text
-- reads:   contact.contact_points
-- writes:  nothing
-- returns: one
SELECT EXISTS(
    SELECT 1
    FROM contact.contact_points AS points
    WHERE
        points.shop_id = %(shop_id)s::text
        AND points.is_synthetic
) AS has_synthetic
