-- purpose: where the ledger of a run does not add up
-- grain:   one row per fault
-- params:  run_no bigint
-- reads:   ledger.audience, ledger.run_count, ledger.touch, ledger.outbox, ledger.message, ledger.attempt,
--          ledger.approval_batch
-- writes:  nothing
-- returns: many
WITH undecided_audiences AS (
    SELECT
        audiences.campaign_id || ': ' || audiences.candidate_count || ' candidates, '
        || coalesce(counts.candidates::text, 'none') || ' accounted for' AS fault
    FROM ledger.audience AS audiences
    LEFT JOIN ledger.run_count AS counts
        ON
            audiences.run_no = counts.run_no
            AND audiences.campaign_id = counts.campaign_id
    WHERE
        audiences.run_no = %(run_no)s::bigint
        AND counts.candidates IS DISTINCT FROM audiences.candidate_count
),

unqueued_touches AS (
    SELECT touches.campaign_id || ': ' || count(*) || ' ' || touches.decision || ' touches without a message' AS fault
    FROM ledger.touch AS touches
    WHERE
        touches.decided_run_no = %(run_no)s::bigint
        AND touches.decision IN ('enqueued', 'held_out')
        AND NOT EXISTS (
            SELECT messages.message_id
            FROM ledger.outbox AS messages
            WHERE
                messages.touch_id = touches.touch_id
                AND messages.round = touches.round
                AND messages.is_held_out = (touches.decision = 'held_out')
        )
    GROUP BY touches.campaign_id, touches.decision
),

unproven_messages AS (
    SELECT messages.campaign_id || ': ' || count(*) || ' accepted messages without just one accepted attempt' AS fault
    FROM ledger.message AS messages
    WHERE
        messages.enqueued_run_no = %(run_no)s::bigint
        AND messages.state = 'accepted'
        AND 1 <> (
            SELECT count(*)
            FROM ledger.attempt AS attempts
            WHERE
                attempts.message_id = messages.message_id
                AND attempts.state = 'accepted'
        )
    GROUP BY messages.campaign_id
),

asking_messages AS (
    SELECT
        messages.campaign_id,
        count(*) AS messages
    FROM ledger.message AS messages
    WHERE
        messages.enqueued_run_no = %(run_no)s::bigint
        AND messages.needs_approval
    GROUP BY messages.campaign_id
),

hashed_messages AS (
    SELECT
        batches.campaign_id,
        sum(batches.message_count) AS messages
    FROM ledger.approval_batch AS batches
    WHERE batches.run_no = %(run_no)s::bigint
    GROUP BY batches.campaign_id
),

unhashed_messages AS (
    SELECT
        asking.campaign_id || ': ' || asking.messages || ' messages ask for approval, '
        || coalesce(hashed.messages::text, 'none') || ' are hashed' AS fault
    FROM asking_messages AS asking
    LEFT JOIN hashed_messages AS hashed ON asking.campaign_id = hashed.campaign_id
    WHERE hashed.messages IS DISTINCT FROM asking.messages
)

SELECT fault
FROM undecided_audiences
UNION ALL
SELECT fault
FROM unqueued_touches
UNION ALL
SELECT fault
FROM unproven_messages
UNION ALL
SELECT fault
FROM unhashed_messages
ORDER BY fault
