-- A marketer who rejects says which it is: not this month, which is final, or back for changes, which frees.

ALTER TABLE ledger.approval ADD COLUMN rejection text;
ALTER TABLE ledger.approval DISABLE TRIGGER approval_is_append_only;
UPDATE ledger.approval SET rejection = 'not_this_month'
WHERE answer = 'rejected';
ALTER TABLE ledger.approval ENABLE TRIGGER approval_is_append_only;
ALTER TABLE ledger.approval ADD CONSTRAINT approval_rejection_known CHECK (
    rejection IN ('not_this_month', 'back_for_changes')
);
ALTER TABLE ledger.approval ADD CONSTRAINT approval_rejection_said CHECK (
    (answer = 'rejected') = (rejection IS NOT NULL)
);
COMMENT ON COLUMN ledger.approval.rejection IS
'not_this_month: final. back_for_changes: the touches are freed, decided afresh in the next round, asked about anew.';
COMMENT ON CONSTRAINT approval_rejection_known ON ledger.approval IS 'The two kinds of no.';
COMMENT ON CONSTRAINT approval_rejection_said ON ledger.approval IS 'Every no is of a kind, and nothing else is.';
COMMENT ON COLUMN ledger.approval_batch.rows_hash IS
'SHA-256 of identity, occasion, step, variant, template, channel, locale and round of every row, in a stable order: '
'what was answered in one round is asked about anew in the next.';

DROP FUNCTION ledger.approvals_at(text, text, timestamptz, jsonb);
CREATE FUNCTION ledger.approvals_at(p_realm text, p_shop_id text, p_at timestamptz, p_versions jsonb)
RETURNS TABLE (
    run_no bigint,
    campaign_id text,
    occasion text,
    message_count bigint,
    expires_at timestamptz,
    audience_hash text,
    answer text,
    rejection text
)
LANGUAGE sql STABLE AS $$
    SELECT
        batches.run_no,
        batches.campaign_id,
        batches.occasion,
        batches.message_count,
        batches.expires_at,
        hashes.audience_hash,
        latest.answer,
        latest.rejection
    FROM ledger.approval_batch AS batches
    CROSS JOIN LATERAL (
        SELECT encode(
            sha256(convert_to(batches.rows_hash || ' ' || (p_versions ->> batches.campaign_id), 'UTF8')), 'hex'
        ) AS audience_hash
    ) AS hashes
    LEFT JOIN LATERAL (
        SELECT answers.answer, answers.rejection
        FROM ledger.approval AS answers
        WHERE
            answers.realm = batches.realm
            AND answers.shop_id = batches.shop_id
            AND answers.campaign_id = batches.campaign_id
            AND answers.occasion = batches.occasion
            AND answers.audience_hash = hashes.audience_hash
        ORDER BY answers.approval_id DESC
        LIMIT 1
    ) AS latest ON true
    WHERE
        batches.realm = p_realm
        AND batches.shop_id = p_shop_id
        AND batches.last_not_after > p_at
$$;
COMMENT ON FUNCTION ledger.approvals_at(text, text, timestamptz, jsonb) IS
'Batches of a shop that may still have something to send, each with its hash as it would be asked about now and the '
'latest answer to that very hash. versions: campaign id -> hash of campaign file and templates as they are now; a '
'campaign that is not in it has no hash, and what has no hash has no answer.';
