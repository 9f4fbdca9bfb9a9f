-- purpose: batches of a shop that are landed and not loaded: the next run at the head judges and loads them
-- grain:   one row per entity with such a batch
-- params:  shop_id text
-- reads:   landing.batch
-- writes:  nothing
-- returns: many
SELECT
    batches.entity,
    count(*) AS batches,
    sum(batches.landed)::bigint AS pending_rows,
    count(*) FILTER (WHERE batches.verdict = 'failed') AS failed_batches,
    min(batches.as_of) AS oldest_as_of
FROM landing.batch AS batches
WHERE
    batches.shop_id = %(shop_id)s::text
    AND batches.state = 'pending'
    AND batches.landed > 0
GROUP BY batches.entity
ORDER BY batches.entity
