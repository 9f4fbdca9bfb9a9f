-- purpose: which of these orders or parcels a touch covers now
-- grain:   one row per order or parcel and step
-- params:  realm text, shop_id text, campaign_ids text[], steps text[], covered_ids text[]
-- reads:   ledger.touch_cover, ledger.touch
-- writes:  nothing
-- returns: many
SELECT
    covers.campaign_id,
    covers.step,
    covers.covered_id,
    touches.occasion,
    touches.identity
FROM unnest(%(campaign_ids)s::text[], %(steps)s::text[], %(covered_ids)s::text[]) AS asked (
    campaign_id, step, covered_id
)
INNER JOIN ledger.touch_cover AS covers
    ON
        covers.realm = %(realm)s::text
        AND covers.shop_id = %(shop_id)s::text
        AND asked.campaign_id = covers.campaign_id
        AND asked.step = covers.step
        AND asked.covered_id = covers.covered_id
        AND covers.released_as_of IS NULL
INNER JOIN ledger.touch AS touches ON covers.touch_id = touches.touch_id
