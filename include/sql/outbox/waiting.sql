-- purpose: waiting messages, with what must hold for them
-- grain:   one row per waiting message
-- params:  realm text, shop_id text
-- reads:   ledger.outbox
-- writes:  nothing
-- returns: many
SELECT
    messages.message_id,
    messages.valid_while
FROM ledger.outbox AS messages
WHERE
    messages.realm = %(realm)s::text
    AND messages.shop_id = %(shop_id)s::text
    AND messages.state = 'waiting'
ORDER BY messages.message_id
