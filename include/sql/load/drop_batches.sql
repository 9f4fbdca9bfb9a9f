-- purpose: take back batches nothing landed in
-- grain:   one row per batch
-- params:  batch_ids bigint[]
-- reads:   landing.batch
-- writes:  landing.batch
-- returns: count
DELETE FROM landing.batch
WHERE batch_id = ANY(%(batch_ids)s::bigint[]) AND landed = 0
