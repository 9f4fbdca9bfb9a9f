-- purpose: how far a shop's facts and record have come
-- grain:   one row, the shop
-- params:  shop_id text
-- reads:   record.heads
-- writes:  nothing
-- returns: maybe
SELECT
    heads.loaded_as_of,
    heads.refreshed_as_of
FROM record.heads AS heads
WHERE heads.shop_id = %(shop_id)s::text
