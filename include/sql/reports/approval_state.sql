-- purpose: where approvals of a shop's runs stand (all, where none is named): what waits, and whether somebody answered
-- grain:   one row per run and campaign that asks for approval
-- params:  realm text, shop_id text, run_nos bigint[], versions jsonb
-- reads:   ledger.approvals_at, ledger.message, ledger.run
-- writes:  nothing
-- returns: many
WITH standing_batches AS (
    SELECT approvals.*
    FROM ledger.approvals_at(%(realm)s::text, %(shop_id)s::text, '-infinity', %(versions)s::jsonb) AS approvals
    WHERE %(run_nos)s::bigint[] IS NULL OR approvals.run_no = any(%(run_nos)s::bigint[])
),

waiting_messages AS (
    SELECT
        messages.enqueued_run_no AS run_no,
        messages.campaign_id,
        count(*) AS waiting
    FROM ledger.message AS messages
    WHERE
        messages.realm = %(realm)s::text
        AND messages.shop_id = %(shop_id)s::text
        AND messages.state = 'waiting'
        AND messages.needs_approval
    GROUP BY messages.enqueued_run_no, messages.campaign_id
)

SELECT
    runs.run_no,
    runs.dag_id,
    runs.run_id,
    runs.shop_id,
    batches.campaign_id,
    count(*) AS occasions,
    min(batches.occasion) AS first_occasion,
    sum(batches.message_count)::bigint AS messages,
    coalesce(min(waiting.waiting), 0) AS waiting,
    min(batches.expires_at) AS expires_at,
    count(*) FILTER (WHERE batches.answer = 'approved') AS approved_occasions,
    count(*) FILTER (WHERE batches.answer = 'rejected') AS rejected_occasions,
    array_agg(coalesce(batches.audience_hash, '') ORDER BY batches.audience_hash) AS standing_hashes
FROM standing_batches AS batches
INNER JOIN ledger.run AS runs ON batches.run_no = runs.run_no
LEFT JOIN waiting_messages AS waiting
    ON
        batches.run_no = waiting.run_no
        AND batches.campaign_id = waiting.campaign_id
GROUP BY runs.run_no, runs.dag_id, runs.run_id, runs.shop_id, batches.campaign_id
ORDER BY runs.run_no, batches.campaign_id
