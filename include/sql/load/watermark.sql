-- purpose: how far a source was read
-- grain:   one row per shop and entity, none before its first extraction
-- params:  shop_id text, entity text
-- reads:   landing.watermark
-- writes:  nothing
-- returns: maybe
SELECT
    extracted_until,
    succeeded_at
FROM landing.watermark
WHERE shop_id = %(shop_id)s::text AND entity = %(entity)s::text
