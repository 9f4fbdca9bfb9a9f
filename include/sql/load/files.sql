-- purpose: exports of an entity that were read whole
-- grain:   one row per export
-- params:  shop_id text, entity text
-- reads:   landing.file
-- writes:  nothing
-- returns: many
SELECT
    path,
    digest
FROM landing.file
WHERE shop_id = %(shop_id)s::text AND entity = %(entity)s::text
ORDER BY path
