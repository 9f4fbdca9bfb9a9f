-- purpose: the bounds the stored segments were made by
-- grain:   one row
-- params:  shop_id text
-- reads:   record.segment_bounds
-- writes:  nothing
-- returns: maybe
SELECT
    bounds,
    made_from
FROM record.segment_bounds
WHERE shop_id = %(shop_id)s::text
