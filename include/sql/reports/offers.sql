-- purpose: how much of each offer of a shop is given out, and what waits for it
-- grain:   one row per offer that any message promises
-- params:  realm text, shop_id text
-- reads:   ledger.message, ledger.offer_grant
-- writes:  nothing
-- returns: many
-- used counts the slots held: by messages that went or may have gone, and by those in hand or to be tried again.
SELECT
    messages.offer_id,
    count(grants.grant_id) AS used,
    count(*) FILTER (WHERE messages.state = 'accepted') AS accepted,
    count(*) FILTER (WHERE messages.state = 'waiting') AS waiting,
    count(*) FILTER (WHERE messages.state = 'cancelled' AND messages.reason = 'offer_gone') AS too_late
FROM ledger.message AS messages
LEFT JOIN ledger.offer_grant AS grants
    ON
        messages.message_id = grants.message_id
        AND grants.released_at IS NULL
WHERE
    messages.realm = %(realm)s::text
    AND messages.shop_id = %(shop_id)s::text
    AND messages.offer_id IS NOT NULL
GROUP BY messages.offer_id
ORDER BY messages.offer_id
