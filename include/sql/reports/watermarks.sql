-- purpose: how far each source of a shop has been read
-- grain:   one row per entity
-- params:  shop_id text
-- reads:   landing.watermark
-- writes:  nothing
-- returns: many
SELECT
    watermarks.entity,
    watermarks.extracted_until,
    watermarks.succeeded_at
FROM landing.watermark AS watermarks
WHERE watermarks.shop_id = %(shop_id)s::text
ORDER BY watermarks.entity
