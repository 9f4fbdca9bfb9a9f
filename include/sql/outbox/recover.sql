-- purpose: take messages back from dispatchers that are gone: waiting without a committed attempt, unknown with one
-- grain:   one row per message taken back
-- params:  realm text, shop_id text, at timestamptz
-- reads:   nothing
-- writes:  ledger.outbox, ledger.attempt
-- returns: many
WITH lapsed_messages AS MATERIALIZED (
    SELECT
        messages.message_id,
        messages.lease_token
    FROM ledger.outbox AS messages
    WHERE
        messages.realm = %(realm)s::text
        AND messages.shop_id = %(shop_id)s::text
        AND messages.state IN ('claimed', 'sending')
        AND messages.lease_until <= clock_timestamp()
    ORDER BY messages.message_id
    FOR UPDATE SKIP LOCKED
),

unknown_attempts AS (
    UPDATE ledger.attempt AS attempts
    SET
        state = 'unknown',
        error_code = 'lease_lapsed'
    FROM lapsed_messages
    WHERE
        attempts.message_id = lapsed_messages.message_id
        AND attempts.lease_token = lapsed_messages.lease_token
        AND attempts.state = 'open'
    RETURNING attempts.message_id
)

UPDATE ledger.outbox AS messages
SET
    state = CASE messages.state WHEN 'sending' THEN 'unknown' ELSE 'waiting' END,
    reason = CASE messages.state WHEN 'sending' THEN 'lease_lapsed' END,
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM lapsed_messages
LEFT JOIN unknown_attempts ON lapsed_messages.message_id = unknown_attempts.message_id
WHERE messages.message_id = lapsed_messages.message_id
RETURNING
    messages.message_id,
    messages.state
