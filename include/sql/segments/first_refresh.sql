-- purpose: from when on the record of a shop keeps its segments
-- grain:   one row
-- params:  shop_id text
-- reads:   record.segment_bounds
-- writes:  nothing
-- returns: one
SELECT min(valid_from) AS begins
FROM record.segment_bounds
WHERE shop_id = %(shop_id)s::text
