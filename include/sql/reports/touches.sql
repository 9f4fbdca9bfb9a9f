-- purpose: distinct touches of a realm and shop by their last decision
-- grain:   one row per campaign, decision and reason
-- params:  realm text, shop_id text
-- reads:   ledger.touch
-- writes:  nothing
-- returns: many
SELECT
    touches.campaign_id,
    touches.decision,
    touches.reason,
    count(*) AS touches
FROM ledger.touch AS touches
WHERE
    touches.realm = %(realm)s::text
    AND touches.shop_id = %(shop_id)s::text
GROUP BY touches.campaign_id, touches.decision, touches.reason
ORDER BY touches.campaign_id, touches.decision, touches.reason
