-- purpose: how far a shop's facts and record have come
-- grain:   one row per shop, none before its first load
-- params:  shop_id text
-- reads:   record.heads
-- writes:  nothing
-- returns: maybe
SELECT
    loaded_as_of,
    refreshed_as_of,
    confirmed_as_of
FROM record.heads
WHERE shop_id = %(shop_id)s::text
