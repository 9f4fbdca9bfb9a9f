-- purpose: end waiting messages that are past their last minute, and those nobody approved before the first of their
--          batch was due to end
-- grain:   one row per message expired
-- params:  realm text, shop_id text, at timestamptz, versions jsonb
-- reads:   ledger.approvals_at, ledger.touch
-- writes:  ledger.outbox
-- returns: many
WITH unapproved_messages AS MATERIALIZED (
    SELECT
        messages.message_id,
        -- Whether what has no hash, because its file does not load just now, was answered for nobody can say.
        CASE WHEN approvals.audience_hash IS NOT NULL THEN approvals.expires_at END AS expires_at
    FROM ledger.outbox AS messages
    INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
    -- Batches that ended long ago have nothing waiting any more.
    LEFT JOIN
        ledger.approvals_at(
            %(realm)s::text, %(shop_id)s::text, %(at)s::timestamptz - interval '40 days', %(versions)s::jsonb
        ) AS approvals
        ON
            messages.enqueued_run_no = approvals.run_no
            AND messages.campaign_id = approvals.campaign_id
            AND touches.occasion = approvals.occasion
    WHERE
        messages.realm = %(realm)s::text
        AND messages.shop_id = %(shop_id)s::text
        AND messages.state = 'waiting'
        AND messages.needs_approval
        AND approvals.answer IS DISTINCT FROM 'approved'
),

-- In one order, and past those another dispatcher has in hand: several expire at once.
ended_messages AS MATERIALIZED (
    SELECT
        messages.message_id,
        CASE WHEN unapproved.message_id IS NULL THEN 'not_after' ELSE 'not_approved' END AS reason
    FROM ledger.outbox AS messages
    LEFT JOIN unapproved_messages AS unapproved ON messages.message_id = unapproved.message_id
    WHERE
        messages.realm = %(realm)s::text
        AND messages.shop_id = %(shop_id)s::text
        AND messages.state = 'waiting'
        AND least(messages.not_after, unapproved.expires_at) <= %(at)s::timestamptz
    ORDER BY messages.message_id
    FOR UPDATE OF messages SKIP LOCKED
)

UPDATE ledger.outbox AS messages
SET
    state = 'expired',
    reason = ended_messages.reason,
    state_at = %(at)s::timestamptz
FROM ended_messages
WHERE
    messages.message_id = ended_messages.message_id
    AND messages.state = 'waiting'
RETURNING messages.message_id
