-- purpose: messages of a shop that may or may not have reached the provider, whenever they were enqueued
-- grain:   one row per campaign with such a message
-- params:  realm text, shop_id text
-- reads:   ledger.message
-- writes:  nothing
-- returns: many
SELECT
    messages.campaign_id,
    count(*) AS unknown_messages,
    min(messages.state_at) AS oldest_at
FROM ledger.message AS messages
WHERE
    messages.realm = %(realm)s::text
    AND messages.shop_id = %(shop_id)s::text
    AND messages.state = 'unknown'
GROUP BY messages.campaign_id
ORDER BY messages.campaign_id
