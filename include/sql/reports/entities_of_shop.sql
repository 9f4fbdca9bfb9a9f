-- purpose: what became of everything that ever landed for a shop
-- grain:   one row per landing entity
-- params:  shop_id text
-- reads:   landing.batch
-- writes:  nothing
-- returns: many
SELECT
    entity,
    sum(landed)::bigint AS landed,
    sum(loaded)::bigint AS loaded,
    sum(unchanged)::bigint AS unchanged,
    sum(superseded)::bigint AS superseded,
    sum(quarantined)::bigint AS quarantined,
    sum(landed - loaded - unchanged - superseded - quarantined)::bigint AS pending
FROM landing.batch
WHERE
    shop_id = %(shop_id)s::text
    -- Facts that changed their customer by a merge landed long ago.
    AND origin <> 'merge'
GROUP BY entity
ORDER BY entity
