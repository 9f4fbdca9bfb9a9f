-- purpose: end a test message that was not taken in hand
-- grain:   one row per message
-- params:  message_id bigint, reason text, at timestamptz
-- reads:   nothing
-- writes:  ledger.message
-- returns: count
UPDATE ledger.message AS messages
SET
    state = 'cancelled',
    reason = %(reason)s::text,
    state_at = %(at)s::timestamptz
WHERE
    messages.message_id = %(message_id)s::bigint
    AND messages.realm = 'test'
    AND messages.state = 'waiting'
