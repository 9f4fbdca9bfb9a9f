-- purpose: end waiting messages that are past their last minute
-- grain:   one row per message expired
-- params:  realm text, shop_id text, at timestamptz
-- reads:   nothing
-- writes:  ledger.message
-- returns: many
UPDATE ledger.message AS messages
SET
    state = 'expired',
    reason = 'not_after',
    state_at = %(at)s::timestamptz
WHERE
    messages.realm = %(realm)s::text
    AND messages.shop_id = %(shop_id)s::text
    AND messages.state = 'waiting'
    AND messages.not_after <= %(at)s::timestamptz
RETURNING messages.message_id
