-- purpose: what became of the candidates of some runs, and where the messages they put in the outbox stand now
-- grain:   one row per campaign that decided or enqueued something in these runs
-- params:  run_nos bigint[]
-- reads:   ledger.run_count, ledger.message
-- writes:  nothing
-- returns: many
-- One statement, so that decisions and messages are read in one snapshot.
WITH decided_campaigns AS (
    SELECT
        counts.campaign_id,
        sum(counts.candidates)::bigint AS candidates,
        sum(counts.enqueued)::bigint AS enqueued,
        sum(counts.repeated)::bigint AS repeated,
        sum(counts.held_out)::bigint AS held_out,
        sum(counts.suppressed)::bigint AS suppressed,
        sum(counts.capped)::bigint AS capped,
        sum(counts.outranked)::bigint AS outranked,
        sum(counts.expired)::bigint AS expired
    FROM ledger.run_count AS counts
    WHERE counts.run_no = any(%(run_nos)s::bigint[])
    GROUP BY counts.campaign_id
),

decision_reasons AS (
    SELECT
        counts.campaign_id,
        reasons.reason,
        sum(reasons.touches::bigint)::bigint AS touches
    FROM ledger.run_count AS counts
    CROSS JOIN LATERAL jsonb_each_text(counts.reasons) AS reasons (reason, touches)
    WHERE counts.run_no = any(%(run_nos)s::bigint[])
    GROUP BY counts.campaign_id, reasons.reason
),

reason_objects AS (
    SELECT
        campaign_id,
        jsonb_object_agg(reason, touches) AS reasons
    FROM decision_reasons
    GROUP BY campaign_id
),

run_messages AS (
    SELECT
        messages.campaign_id,
        messages.reason,
        CASE
            WHEN messages.state IN ('claimed', 'sending') THEN 'waiting'
            WHEN messages.state = 'abandoned' THEN 'unknown'
            ELSE messages.state
        END AS state
    FROM ledger.message AS messages
    WHERE messages.enqueued_run_no = any(%(run_nos)s::bigint[])
),

message_states AS (
    SELECT
        campaign_id,
        reason,
        state,
        count(*) AS messages
    FROM run_messages
    GROUP BY campaign_id, reason, state
),

messaged_campaigns AS (
    SELECT
        campaign_id,
        coalesce(sum(messages) FILTER (WHERE state = 'waiting'), 0)::bigint AS messages_waiting,
        coalesce(sum(messages) FILTER (WHERE state = 'accepted'), 0)::bigint AS messages_accepted,
        coalesce(sum(messages) FILTER (WHERE state = 'rejected'), 0)::bigint AS messages_rejected,
        coalesce(sum(messages) FILTER (WHERE state = 'expired'), 0)::bigint AS messages_expired,
        coalesce(sum(messages) FILTER (WHERE state = 'cancelled'), 0)::bigint AS messages_cancelled,
        coalesce(sum(messages) FILTER (WHERE state = 'unknown'), 0)::bigint AS messages_unknown,
        jsonb_object_agg(state || ': ' || reason, messages) FILTER (WHERE reason IS NOT NULL) AS message_reasons
    FROM message_states
    GROUP BY campaign_id
)

SELECT
    coalesce(decided.campaign_id, messaged.campaign_id) AS campaign_id,
    coalesce(decided.candidates, 0) AS candidates,
    coalesce(decided.enqueued, 0) AS enqueued,
    coalesce(decided.repeated, 0) AS repeated,
    coalesce(decided.held_out, 0) AS held_out,
    coalesce(decided.suppressed, 0) AS suppressed,
    coalesce(decided.capped, 0) AS capped,
    coalesce(decided.outranked, 0) AS outranked,
    coalesce(decided.expired, 0) AS expired,
    coalesce(reasons.reasons, '{}') AS reasons,
    coalesce(messaged.messages_waiting, 0) AS messages_waiting,
    coalesce(messaged.messages_accepted, 0) AS messages_accepted,
    coalesce(messaged.messages_rejected, 0) AS messages_rejected,
    coalesce(messaged.messages_expired, 0) AS messages_expired,
    coalesce(messaged.messages_cancelled, 0) AS messages_cancelled,
    coalesce(messaged.messages_unknown, 0) AS messages_unknown,
    coalesce(messaged.message_reasons, '{}') AS message_reasons
FROM decided_campaigns AS decided
FULL JOIN messaged_campaigns AS messaged ON decided.campaign_id = messaged.campaign_id
LEFT JOIN reason_objects AS reasons ON decided.campaign_id = reasons.campaign_id
ORDER BY campaign_id
