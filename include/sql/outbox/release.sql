-- purpose: give claimed messages back, no attempt having been committed
-- grain:   one row per message given back
-- params:  message_ids bigint[], lease_tokens bigint[], at timestamptz
-- reads:   nothing
-- writes:  ledger.outbox
-- returns: count
UPDATE ledger.outbox AS messages
SET
    state = 'waiting',
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM unnest(%(message_ids)s::bigint[], %(lease_tokens)s::bigint[]) AS given (message_id, lease_token)
WHERE
    messages.message_id = given.message_id
    AND messages.message_id = ANY(%(message_ids)s::bigint[])
    AND messages.lease_token = given.lease_token
    AND messages.state = 'claimed'
