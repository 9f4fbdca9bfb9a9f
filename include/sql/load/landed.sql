-- purpose: rows landed by batches
-- grain:   one row per landing entity
-- params:  batch_ids bigint[]
-- reads:   landing.batch
-- writes:  nothing
-- returns: many
SELECT
    entity,
    sum(landed)::bigint AS landed
FROM landing.batch
WHERE batch_id = ANY(%(batch_ids)s::bigint[])
GROUP BY entity
ORDER BY entity
