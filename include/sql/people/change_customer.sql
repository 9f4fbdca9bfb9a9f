-- purpose: make a customer's facts the survivor's
-- grain:   one row per fact
-- params:  shop_id text, from_no bigint, into_no bigint, at timestamptz, batch_id bigint, fact relation
-- reads:   nothing
-- writes:  the fact
-- returns: count
UPDATE __fact__ AS currents
SET
    customer_no = %(into_no)s::bigint,
    known_at = greatest(currents.known_at, %(at)s::timestamptz),
    batch_id = %(batch_id)s::bigint
WHERE
    currents.shop_id = %(shop_id)s::text
    AND currents.customer_no = %(from_no)s::bigint
