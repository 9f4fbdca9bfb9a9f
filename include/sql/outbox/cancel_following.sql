-- purpose: cancel what waits of steps enqueued after one that was freed: it is decided afresh, and they with it
-- grain:   one row per message cancelled
-- params:  message_ids bigint[], at timestamptz
-- reads:   ledger.outbox, ledger.touch, ledger.freed_round
-- writes:  ledger.outbox
-- returns: many
-- Steps that follow are enqueued with the one before, behind it. What another dispatcher has in hand just now goes.
WITH following_messages AS MATERIALIZED (
    SELECT following.message_id
    FROM ledger.outbox AS ended
    INNER JOIN ledger.freed_round AS freed
        ON
            ended.touch_id = freed.touch_id
            AND ended.round = freed.round
    INNER JOIN ledger.touch AS touches ON ended.touch_id = touches.touch_id
    INNER JOIN ledger.touch AS later
        ON
            touches.realm = later.realm
            AND touches.identity = later.identity
            AND touches.shop_id = later.shop_id
            AND touches.campaign_id = later.campaign_id
            AND touches.occasion = later.occasion
            AND touches.step <> later.step
    INNER JOIN ledger.outbox AS following
        ON
            later.touch_id = following.touch_id
            AND later.round = following.round
            AND ended.enqueued_run_no = following.enqueued_run_no
            AND ended.message_id < following.message_id
    WHERE
        ended.message_id = ANY(%(message_ids)s::bigint[])
        AND following.state = 'waiting'
    ORDER BY following.message_id
    FOR UPDATE OF following SKIP LOCKED
)

UPDATE ledger.outbox AS messages
SET
    state = 'cancelled',
    reason = 'step_before_ended',
    state_at = %(at)s::timestamptz
FROM following_messages
WHERE
    messages.message_id = following_messages.message_id
    AND messages.state = 'waiting'
RETURNING messages.message_id
