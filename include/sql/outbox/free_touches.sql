-- purpose: free touches whose messages of the round, or those they were held out of, all ended before any attempt:
--          their address and what they covered may be taken by others, and later runs decide them afresh
-- grain:   one row per touch freed
-- params:  message_ids bigint[], at timestamptz
-- reads:   ledger.outbox, ledger.attempt
-- writes:  ledger.freed_round, ledger.touch_cover, ledger.touch
-- returns: count
-- A marketer's "not this month", and a step that is not needed any more, are final.
WITH ended_rounds AS (
    SELECT
        messages.touch_id,
        messages.round,
        min(messages.reason) AS reason
    FROM ledger.outbox AS messages
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state IN ('cancelled', 'expired')
        AND NOT EXISTS (
            SELECT FROM ledger.outbox AS siblings
            LEFT JOIN ledger.attempt AS attempts ON siblings.message_id = attempts.message_id
            WHERE
                siblings.touch_id = messages.touch_id
                AND siblings.round = messages.round
                AND (
                    siblings.state NOT IN ('cancelled', 'expired')
                    OR siblings.reason IN ('not_this_month', 'not_needed')
                    OR attempts.attempt_id IS NOT NULL
                )
        )
    GROUP BY messages.touch_id, messages.round
),

freed_rounds AS (
    INSERT INTO ledger.freed_round (touch_id, round, freed_at, reason, address_hash)
    SELECT
        touches.touch_id,
        touches.round,
        %(at)s::timestamptz AS freed_at,
        coalesce(ended.reason, 'ended') AS reason,
        touches.address_hash
    FROM ended_rounds AS ended
    INNER JOIN ledger.touch AS touches
        ON
            ended.touch_id = touches.touch_id
            AND ended.round = touches.round
    ON CONFLICT ON CONSTRAINT freed_round_pk DO NOTHING
    RETURNING touch_id, reason
),

released_covers AS (
    UPDATE ledger.touch_cover AS covers
    SET
        released_as_of = %(at)s::timestamptz,
        release_reason = freed_rounds.reason
    FROM freed_rounds
    WHERE
        covers.touch_id = freed_rounds.touch_id
        AND covers.released_as_of IS NULL
)

UPDATE ledger.touch AS touches
SET address_hash = NULL
FROM freed_rounds
WHERE touches.touch_id = freed_rounds.touch_id
