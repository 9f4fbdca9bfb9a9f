-- purpose: keep a person's answer to a question, for the hashes it was asked about; a late or second one is not kept
-- grain:   one row per occasion answered
-- params:  question uuid, at timestamptz, answer text, rejection text, who text, answered_at timestamptz, note text
-- reads:   ledger.approval_request, ledger.run
-- writes:  ledger.approval
-- returns: many
INSERT INTO ledger.approval (
    request_id, realm, shop_id, campaign_id, occasion, audience_hash, answer, rejection, who, answered_at, note
)
SELECT
    requests.request_id,
    runs.realm,
    runs.shop_id,
    requests.campaign_id,
    requests.occasion,
    requests.audience_hash,
    %(answer)s::text,
    %(rejection)s::text,
    %(who)s::text,
    %(answered_at)s::timestamptz,
    %(note)s::text
FROM ledger.approval_request AS requests
INNER JOIN ledger.run AS runs ON requests.run_no = runs.run_no
WHERE
    requests.question = %(question)s::uuid
    AND requests.expires_at > %(at)s::timestamptz
ORDER BY requests.request_id
ON CONFLICT ON CONSTRAINT approval_request_answered_once DO NOTHING
RETURNING occasion, audience_hash
