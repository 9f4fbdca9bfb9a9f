-- purpose: batches that are landed and not yet loaded or rejected
-- grain:   one row per pending batch of a shop
-- params:  shop_id text
-- reads:   landing.batch
-- writes:  nothing
-- returns: many
SELECT
    batch_id,
    shop_id,
    entity,
    is_history,
    snapshot_at,
    as_of,
    landed,
    verdict,
    origin
FROM landing.batch
WHERE shop_id = %(shop_id)s::text AND state = 'pending'
ORDER BY batch_id
