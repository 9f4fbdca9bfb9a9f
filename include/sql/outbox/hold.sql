-- purpose: give claimed messages back that something here must be mended for, with what it is: they wait
-- grain:   one row per message held
-- params:  message_ids bigint[], lease_tokens bigint[], reason text, at timestamptz
-- reads:   nothing
-- writes:  ledger.outbox
-- returns: count
UPDATE ledger.outbox AS messages
SET
    state = 'waiting',
    reason = %(reason)s::text,
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM unnest(%(message_ids)s::bigint[], %(lease_tokens)s::bigint[]) AS given (message_id, lease_token)
WHERE
    messages.message_id = given.message_id
    AND messages.message_id = ANY(%(message_ids)s::bigint[])
    AND messages.lease_token = given.lease_token
    AND messages.state = 'claimed'
