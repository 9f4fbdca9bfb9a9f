-- purpose: write down what people held out would have been sent with this claim: from now on nothing frees their
--          touches, as nothing frees one after an attempt
-- grain:   one row per message withheld
-- params:  message_ids bigint[], lease_tokens bigint[], at timestamptz
-- reads:   nothing
-- writes:  ledger.withheld_message
-- returns: count
UPDATE ledger.withheld_message AS messages
SET
    state = 'withheld',
    reason = NULL,
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM unnest(%(message_ids)s::bigint[], %(lease_tokens)s::bigint[]) AS given (message_id, lease_token)
WHERE
    messages.message_id = given.message_id
    AND messages.message_id = ANY(%(message_ids)s::bigint[])
    AND messages.lease_token = given.lease_token
    AND messages.state = 'claimed'
