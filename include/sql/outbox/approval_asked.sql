-- purpose: what was asked about a campaign of a run before
-- grain:   one row per question
-- params:  run_no bigint, campaign_id text, question uuid
-- reads:   ledger.approval_request
-- writes:  nothing
-- returns: many
SELECT
    requests.question,
    array_agg(requests.audience_hash ORDER BY requests.audience_hash) AS asked_hashes
FROM ledger.approval_request AS requests
WHERE
    requests.run_no = %(run_no)s::bigint
    AND requests.campaign_id = %(campaign_id)s::text
    AND requests.question <> %(question)s::uuid
GROUP BY requests.question
