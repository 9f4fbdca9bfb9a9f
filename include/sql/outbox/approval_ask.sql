-- purpose: ask about a campaign's messages of a run that nobody has answered for: note what is asked, and its hash
-- grain:   one row per occasion asked about
-- params:  question uuid, realm text, shop_id text, run_no bigint, campaign_id text, at timestamptz, versions jsonb,
--          figures jsonb
-- reads:   ledger.approvals_at, ledger.message, ledger.touch
-- writes:  ledger.approval_request
-- returns: many
WITH open_batches AS (
    SELECT approvals.*
    FROM ledger.approvals_at(%(realm)s::text, %(shop_id)s::text, %(at)s::timestamptz, %(versions)s::jsonb) AS approvals
    WHERE
        approvals.run_no = %(run_no)s::bigint
        AND approvals.campaign_id = %(campaign_id)s::text
        AND approvals.audience_hash IS NOT NULL
        AND approvals.answer IS NULL
        AND approvals.expires_at > %(at)s::timestamptz
        AND EXISTS (
            SELECT FROM ledger.message AS messages
            INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
            WHERE
                messages.enqueued_run_no = approvals.run_no
                AND messages.campaign_id = approvals.campaign_id
                AND touches.occasion = approvals.occasion
                AND messages.needs_approval
                AND messages.state = 'waiting'
        )
)

INSERT INTO ledger.approval_request (
    question, run_no, campaign_id, occasion, audience_hash, message_count, expires_at, asked_at, figures
)
SELECT
    %(question)s::uuid,
    run_no,
    campaign_id,
    occasion,
    audience_hash,
    message_count,
    expires_at,
    %(at)s::timestamptz,
    %(figures)s::jsonb
FROM open_batches
RETURNING occasion, audience_hash, message_count, expires_at
