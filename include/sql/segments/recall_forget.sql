-- purpose: forget what was recalled before of the time the record did not keep yet
-- grain:   one row per customer and span
-- params:  shop_id text, begins timestamptz
-- reads:   nothing
-- writes:  record.customer_segments_history
-- returns: count
DELETE FROM record.customer_segments_history
WHERE
    shop_id = %(shop_id)s::text
    AND valid_from < %(begins)s::timestamptz
