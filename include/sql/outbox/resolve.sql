-- purpose: write down what asking about unknown attempts brought
-- grain:   one row per message whose state changed, or whose attempt was asked about once more
-- params:  attempt_ids text[], verdicts text[], provider_refs text[], queries integer[], segments integer[],
--          costs numeric[], at timestamptz
-- reads:   nothing
-- writes:  ledger.attempt, ledger.message
-- returns: many
-- Verdicts are found; missing (asked, not there, will be asked again); absent (not there at the last query); unaskable
-- (nobody to ask, and time is up). Absent: a transactional message goes back to waiting once in its life, a promotional
-- one never. Unaskable: a promotional message is abandoned, a transactional one stays unknown, since a second one might
-- be a double.
WITH given_verdicts AS (
    SELECT given.*
    FROM unnest(
        %(attempt_ids)s::text[],
        %(verdicts)s::text[],
        %(provider_refs)s::text[],
        %(queries)s::integer[],
        %(segments)s::integer[],
        %(costs)s::numeric[]
    ) AS given (attempt_id, verdict, provider_ref, queries, segments, cost_minor)
),

resolved_attempts AS (
    UPDATE ledger.attempt AS attempts
    SET
        state = CASE given_verdicts.verdict
            WHEN 'found' THEN 'accepted'
            WHEN 'absent' THEN 'absent'
            ELSE attempts.state
        END,
        provider_ref = coalesce(given_verdicts.provider_ref, attempts.provider_ref),
        queries = given_verdicts.queries,
        settled_real_at = CASE WHEN given_verdicts.verdict IN ('found', 'absent') THEN clock_timestamp() END
    FROM given_verdicts
    CROSS JOIN ledger.message AS unknown_messages
    WHERE
        attempts.attempt_id = given_verdicts.attempt_id
        AND attempts.attempt_id = ANY(%(attempt_ids)s::text[])
        AND attempts.state = 'unknown'
        AND unknown_messages.message_id = attempts.message_id
        AND unknown_messages.lease_token = attempts.lease_token
        AND unknown_messages.state = 'unknown'
    RETURNING
        attempts.message_id,
        attempts.lease_token,
        given_verdicts.verdict,
        given_verdicts.segments,
        given_verdicts.cost_minor
),

judged_messages AS (
    SELECT
        messages.message_id,
        resolved_attempts.lease_token,
        resolved_attempts.segments,
        resolved_attempts.cost_minor,
        CASE
            WHEN resolved_attempts.verdict = 'found' THEN 'accepted'
            WHEN resolved_attempts.verdict = 'missing' THEN 'unknown'
            WHEN messages.purpose = 'promotional' THEN 'abandoned'
            WHEN resolved_attempts.verdict = 'unaskable' THEN 'unknown'
            WHEN messages.resends = 0 AND messages.not_after > %(at)s::timestamptz THEN 'waiting'
            ELSE 'abandoned'
        END AS state
    FROM resolved_attempts
    INNER JOIN ledger.message AS messages ON resolved_attempts.message_id = messages.message_id
)

UPDATE ledger.message AS messages
SET
    state = judged_messages.state,
    reason = CASE judged_messages.state
        WHEN 'accepted' THEN NULL
        WHEN 'waiting' THEN 'resend'
        ELSE messages.reason
    END,
    segments = coalesce(judged_messages.segments, messages.segments),
    cost_minor = coalesce(judged_messages.cost_minor, messages.cost_minor),
    resends = messages.resends + (judged_messages.state = 'waiting')::integer,
    state_at = CASE
        WHEN judged_messages.state = messages.state THEN messages.state_at
        ELSE %(at)s::timestamptz
    END
FROM judged_messages
WHERE
    messages.message_id = judged_messages.message_id
    AND messages.lease_token = judged_messages.lease_token
    AND messages.state = 'unknown'
RETURNING
    messages.message_id,
    messages.state
