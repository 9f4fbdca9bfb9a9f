-- purpose: batches whose rows the record has not taken in yet
-- grain:   one row per batch
-- params:  shop_id text
-- reads:   landing.batch, record.heads
-- writes:  nothing
-- returns: many
SELECT batches.batch_id
FROM landing.batch AS batches
LEFT JOIN record.heads AS heads ON batches.shop_id = heads.shop_id
WHERE
    batches.shop_id = %(shop_id)s::text
    AND batches.state = 'loaded'
    AND (heads.refreshed_as_of IS NULL OR batches.known_at >= heads.refreshed_as_of)
ORDER BY batches.batch_id
