-- purpose: what became of a test message
-- grain:   the message with its attempt, if one was begun
-- params:  message_id bigint
-- reads:   ledger.message, ledger.attempt
-- writes:  nothing
-- returns: one
SELECT
    messages.message_id,
    messages.state,
    messages.reason,
    messages.segments,
    attempts.provider,
    attempts.provider_ref,
    attempts.error_code
FROM ledger.message AS messages
LEFT JOIN ledger.attempt AS attempts ON messages.message_id = attempts.message_id
WHERE messages.message_id = %(message_id)s::bigint
