-- purpose: write down what became of the recipients of one provider call
-- grain:   one row per message settled
-- params:  attempt_ids text[], states text[], provider_refs text[], error_codes text[], segments integer[], costs
--          numeric[], at timestamptz, waits interval[]
-- reads:   nothing
-- writes:  ledger.attempt, ledger.message
-- returns: many
-- Fenced: only the attempt of the message's own lease token counts, while the message is sending, or became unknown
-- because the lease ran out under a call that did answer in the end. `waits` is how long a retry waits, by number of
-- tries; after the last the message is given up. A paused channel is not the message's fault and costs it no try.
WITH given_results AS (
    SELECT given.*
    FROM unnest(
        %(attempt_ids)s::text[],
        %(states)s::text[],
        %(provider_refs)s::text[],
        %(error_codes)s::text[],
        %(segments)s::integer[],
        %(costs)s::numeric[]
    ) AS given (attempt_id, state, provider_ref, error_code, segments, cost_minor)
),

settled_attempts AS (
    UPDATE ledger.attempt AS attempts
    SET
        state = CASE WHEN given_results.state = 'paused' THEN 'retryable' ELSE given_results.state END,
        provider_ref = given_results.provider_ref,
        error_code = CASE
            WHEN given_results.state = 'paused' THEN 'paused: ' || coalesce(given_results.error_code, '')
            ELSE given_results.error_code
        END,
        settled_real_at = clock_timestamp()
    FROM given_results
    CROSS JOIN ledger.message AS messages
    WHERE
        attempts.attempt_id = given_results.attempt_id
        AND attempts.attempt_id = ANY(%(attempt_ids)s::text[])
        AND attempts.state IN ('open', 'unknown')
        AND messages.message_id = attempts.message_id
        AND messages.lease_token = attempts.lease_token
        AND messages.state IN ('sending', 'unknown')
    RETURNING
        attempts.attempt_id,
        attempts.message_id,
        attempts.lease_token,
        attempts.error_code,
        given_results.state,
        given_results.segments,
        given_results.cost_minor
),

tried_messages AS MATERIALIZED (
    SELECT
        settled_attempts.*,
        -- This very attempt is counted by the 1: the statement does not see its own writes.
        1 + (
            SELECT count(*)
            FROM ledger.attempt AS earlier
            WHERE
                earlier.message_id = settled_attempts.message_id
                AND earlier.attempt_id <> settled_attempts.attempt_id
                AND earlier.state = 'retryable'
                AND coalesce(earlier.error_code, '') NOT LIKE 'paused: %%'
        ) AS tries
    FROM settled_attempts
),

judged_messages AS (
    SELECT
        tried_messages.*,
        %(at)s::timestamptz + CASE
            WHEN tried_messages.state = 'paused' THEN interval '10 minutes'
            ELSE (%(waits)s::interval[])[tried_messages.tries]
        END AS retry_at
    FROM tried_messages
)

UPDATE ledger.message AS messages
SET
    state = CASE
        WHEN judged_messages.state NOT IN ('retryable', 'paused') THEN judged_messages.state
        WHEN judged_messages.retry_at IS NULL THEN 'rejected'
        WHEN judged_messages.retry_at >= messages.not_after THEN 'expired'
        ELSE 'waiting'
    END,
    reason = CASE
        WHEN judged_messages.state = 'accepted' THEN NULL
        WHEN judged_messages.state IN ('rejected', 'unknown') THEN judged_messages.error_code
        WHEN judged_messages.retry_at IS NULL THEN 'gave_up: ' || coalesce(judged_messages.error_code, '')
        WHEN judged_messages.retry_at >= messages.not_after THEN 'no_time_to_retry'
        ELSE judged_messages.error_code
    END,
    state_at = %(at)s::timestamptz,
    not_before = CASE
        WHEN
            judged_messages.state IN ('retryable', 'paused')
            AND judged_messages.retry_at < messages.not_after
            THEN judged_messages.retry_at
        ELSE messages.not_before
    END,
    lease_until = NULL,
    segments = judged_messages.segments,
    cost_minor = judged_messages.cost_minor
FROM judged_messages
WHERE
    messages.message_id = judged_messages.message_id
    AND messages.lease_token = judged_messages.lease_token
    AND messages.state IN ('sending', 'unknown')
RETURNING
    messages.message_id,
    messages.state
