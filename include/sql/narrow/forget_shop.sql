-- purpose: empty a narrow fact of a shop, or what is noted beside it, to be made anew as a whole
-- grain:   one row per version
-- params:  fact relation, shop_id text
-- reads:   nothing
-- writes:  the narrow fact
-- returns: count
DELETE FROM __fact__
WHERE shop_id = %(shop_id)s::text
