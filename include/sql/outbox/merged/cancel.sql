-- purpose: cancel what a person of several identities would get although they are held out, or a second time
-- grain:   one row per message cancelled
-- params:  identity uuid, at timestamptz
-- reads:   ledger.touch, ledger.holdout, facts.merged_identities
-- writes:  ledger.outbox
-- returns: many
-- The smaller draw of the two speaks, for the share each message was decided with. Of two messages of one touch that
-- both wait, the one held out stays, else the surviving identity's.
WITH names AS MATERIALIZED (
    SELECT identity
    FROM facts.identities_of(%(identity)s::uuid, 'infinity')
),

judged_messages AS MATERIALIZED (
    SELECT
        messages.message_id,
        CASE
            WHEN EXISTS (
                SELECT FROM ledger.holdout AS holdouts
                INNER JOIN names AS others ON holdouts.identity = others.identity
                WHERE
                    holdouts.realm = messages.realm
                    AND holdouts.campaign_id = messages.campaign_id
                    AND holdouts.draw * 100 < messages.holdout_percent
                    AND NOT messages.is_held_out
            ) THEN 'held_out'
            WHEN EXISTS (
                SELECT FROM names AS others
                INNER JOIN ledger.touch AS twins ON others.identity = twins.identity
                INNER JOIN ledger.outbox AS told ON twins.touch_id = told.touch_id
                WHERE
                    twins.realm = touches.realm
                    AND twins.shop_id = touches.shop_id
                    AND twins.campaign_id = touches.campaign_id
                    AND twins.step = touches.step
                    AND twins.occasion = touches.occasion
                    AND twins.touch_id <> touches.touch_id
                    AND (
                        told.state IN ('claimed', 'sending', 'accepted', 'unknown', 'abandoned', 'withheld')
                        OR (
                            told.state = 'waiting'
                            AND (told.is_held_out, twins.identity = %(identity)s::uuid, touches.touch_id)
                            > (messages.is_held_out, touches.identity = %(identity)s::uuid, twins.touch_id)
                        )
                    )
            ) THEN 'merged'
        END AS reason
    FROM names
    INNER JOIN ledger.outbox AS messages ON names.identity = messages.identity
    INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
    WHERE messages.state = 'waiting'
)

UPDATE ledger.outbox AS messages
SET
    state = 'cancelled',
    reason = judged_messages.reason,
    state_at = %(at)s::timestamptz
FROM judged_messages
WHERE
    messages.message_id = judged_messages.message_id
    AND judged_messages.reason IS NOT NULL
    AND messages.state = 'waiting'
RETURNING messages.message_id, messages.reason
