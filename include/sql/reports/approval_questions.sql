-- purpose: what a marketer was asked about a campaign of a run, and what was answered; the newest question first
-- grain:   one row per question; its occasions together
-- params:  run_no bigint, campaign_id text
-- reads:   ledger.approval_request, ledger.approval
-- writes:  nothing
-- returns: many
SELECT
    requests.question,
    min(requests.asked_at) AS asked_at,
    min(requests.asked_real_at) AS asked_real_at,
    min(requests.expires_at) AS expires_at,
    count(*) AS occasions,
    min(requests.occasion) AS first_occasion,
    sum(requests.message_count)::bigint AS messages,
    array_agg(requests.audience_hash ORDER BY requests.audience_hash) AS asked_hashes,
    requests.figures,
    min(answers.answer) AS answer,
    min(answers.rejection) AS rejection,
    min(answers.who) AS who,
    min(answers.answered_at) AS answered_at,
    min(answers.note) AS note
FROM ledger.approval_request AS requests
LEFT JOIN ledger.approval AS answers ON requests.request_id = answers.request_id
WHERE
    requests.run_no = %(run_no)s::bigint
    AND requests.campaign_id = %(campaign_id)s::text
GROUP BY requests.question, requests.figures
ORDER BY min(requests.request_id) DESC
