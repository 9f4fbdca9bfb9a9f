-- purpose: the orders of batches that were judged, loaded and not quarantined
-- grain:   one row per order
-- params:  batch_ids bigint[]
-- reads:   landing.order, landing.batch
-- writes:  nothing
-- returns: many
SELECT DISTINCT landed.order_id
FROM landing."order" AS landed
INNER JOIN landing.batch AS batches ON landed.batch_id = batches.batch_id
WHERE
    landed.batch_id = ANY(%(batch_ids)s::bigint[])
    AND batches.state = 'loaded'
ORDER BY landed.order_id
