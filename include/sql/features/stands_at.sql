-- purpose: whether the narrow facts of a shop say all that was known at an instant: everything loaded is refreshed, and
--          the instant is not before that
-- grain:   one row
-- params:  shop_id text, as_of timestamptz
-- reads:   record.heads
-- writes:  nothing
-- returns: one
SELECT count(*) > 0 AS is_current
FROM record.heads
WHERE
    shop_id = %(shop_id)s::text
    AND refreshed_as_of <= %(as_of)s::timestamptz
    AND coalesce(loaded_as_of <= refreshed_as_of, true)
