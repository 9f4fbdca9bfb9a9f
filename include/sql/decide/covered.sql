-- purpose: which of these orders or parcels a touch covers now
-- grain:   one row per order or parcel and step
-- params:  realm text, shop_id text, campaign_ids text[], steps text[], covered_ids text[]
-- reads:   ledger.touch_cover, ledger.touch, facts.merged_identities
-- writes:  nothing
-- returns: many
SELECT
    asked.campaign_id,
    asked.step,
    asked.covered_id,
    covers.occasion,
    facts.identity_of(covers.identity, 'infinity') AS identity
FROM
    unnest(%(campaign_ids)s::text[], %(steps)s::text[], %(covered_ids)s::text[])
        AS asked (campaign_id, step, covered_id)
-- OFFSET 0: looked up by key, order by order, also while the planner knows nothing of a ledger just begun.
CROSS JOIN LATERAL ( -- noqa: ST05
    SELECT
        touches.occasion,
        touches.identity
    FROM ledger.touch_cover AS known
    INNER JOIN ledger.touch AS touches ON known.touch_id = touches.touch_id
    WHERE
        known.realm = %(realm)s::text
        AND known.shop_id = %(shop_id)s::text
        AND known.campaign_id = asked.campaign_id
        AND known.step = asked.step
        AND known.covered_id = asked.covered_id
        AND known.released_as_of IS NULL
    OFFSET 0 -- noqa: AM09
) AS covers
