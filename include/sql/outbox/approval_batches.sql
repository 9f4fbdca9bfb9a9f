-- purpose: hash what a run put into the outbox that asks for approval, as it stands now
-- grain:   one row per campaign and occasion of the run
-- params:  run_no bigint
-- reads:   ledger.message, ledger.touch
-- writes:  ledger.approval_batch
-- returns: count
-- Every row counts, whatever became of it: what was sent under an answer was part of what was answered.
INSERT INTO ledger.approval_batch (
    run_no, campaign_id, occasion, realm, shop_id, message_count, rows_hash, expires_at, last_not_after
)
SELECT
    messages.enqueued_run_no,
    messages.campaign_id,
    touches.occasion,
    messages.realm,
    messages.shop_id,
    count(*) AS message_count,
    encode(
        sha256(
            convert_to(
                string_agg(
                    jsonb_build_array(
                        messages.identity, touches.occasion, messages.step, messages.channel, messages.variant,
                        messages.template, messages.locale, messages.round
                    )::text,
                    E'\n'
                    -- As bytes: the order does not hang on the database's collation.
                    ORDER BY
                        messages.identity, convert_to(messages.step, 'UTF8'), convert_to(messages.channel, 'UTF8')
                ),
                'UTF8'
            )
        ),
        'hex'
    ) AS rows_hash,
    -- One question is asked about all occasions of a campaign: its time is up with the first of them.
    min(min(messages.not_after)) OVER (PARTITION BY messages.campaign_id) AS expires_at,
    max(messages.not_after) AS last_not_after
FROM ledger.message AS messages
INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
WHERE
    messages.enqueued_run_no = %(run_no)s::bigint
    AND messages.needs_approval
GROUP BY
    messages.enqueued_run_no, messages.campaign_id, touches.occasion, messages.realm, messages.shop_id
ON CONFLICT ON CONSTRAINT approval_batch_pk DO UPDATE
    SET
        message_count = excluded.message_count,
        rows_hash = excluded.rows_hash,
        expires_at = excluded.expires_at,
        last_not_after = excluded.last_not_after
