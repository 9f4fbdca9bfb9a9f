-- purpose: free the orders of touches whose messages all ended before any attempt
-- grain:   one row per order freed
-- params:  message_ids bigint[], at timestamptz
-- reads:   ledger.message, ledger.attempt
-- writes:  ledger.touch_cover
-- returns: count
WITH ended_touches AS (
    SELECT
        messages.touch_id,
        min(messages.reason) AS reason
    FROM ledger.message AS messages
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state IN ('cancelled', 'expired')
        AND NOT EXISTS (
            SELECT FROM ledger.message AS siblings
            LEFT JOIN ledger.attempt AS attempts ON siblings.message_id = attempts.message_id
            WHERE
                siblings.touch_id = messages.touch_id
                AND (siblings.state NOT IN ('cancelled', 'expired') OR attempts.attempt_id IS NOT NULL)
        )
    GROUP BY messages.touch_id
)

UPDATE ledger.touch_cover AS covers
SET
    released_as_of = %(at)s::timestamptz,
    release_reason = ended_touches.reason
FROM ended_touches
WHERE
    covers.touch_id = ended_touches.touch_id
    AND covers.released_as_of IS NULL
