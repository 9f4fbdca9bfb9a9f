-- purpose: cancel what still waits of batches whose latest answer is no, by the kind of no
-- grain:   one row per message cancelled
-- params:  realm text, shop_id text, at timestamptz, versions jsonb
-- reads:   ledger.approvals_at, ledger.touch
-- writes:  ledger.outbox
-- returns: many
WITH rejected_messages AS (
    SELECT
        messages.message_id,
        approvals.rejection
    FROM ledger.approvals_at(%(realm)s::text, %(shop_id)s::text, %(at)s::timestamptz, %(versions)s::jsonb) AS approvals
    INNER JOIN ledger.outbox AS messages
        ON
            approvals.run_no = messages.enqueued_run_no
            AND approvals.campaign_id = messages.campaign_id
    INNER JOIN ledger.touch AS touches
        ON
            messages.touch_id = touches.touch_id
            AND approvals.occasion = touches.occasion
    WHERE
        approvals.answer = 'rejected'
        AND messages.needs_approval
        AND messages.state = 'waiting'
)

UPDATE ledger.outbox AS messages
SET
    state = 'cancelled',
    reason = rejected_messages.rejection,
    state_at = %(at)s::timestamptz
FROM rejected_messages
WHERE
    messages.message_id = rejected_messages.message_id
    AND messages.state = 'waiting'
RETURNING
    messages.message_id,
    messages.is_held_out
