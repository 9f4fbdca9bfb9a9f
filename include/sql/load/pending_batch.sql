-- purpose: a batch, if it is pending
-- grain:   one row or none
-- params:  batch_id bigint
-- reads:   landing.batch
-- writes:  nothing
-- returns: maybe
SELECT
    shop_id,
    entity
FROM landing.batch
WHERE batch_id = %(batch_id)s::bigint AND state = 'pending'
