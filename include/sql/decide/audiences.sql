-- purpose: the audiences stored for a run, with the campaign file each was stored by
-- grain:   one row per campaign
-- params:  run_no bigint
-- reads:   ledger.audience
-- writes:  nothing
-- returns: many
SELECT
    campaign_id,
    candidate_count,
    audience_hash,
    campaign_hash,
    statement_hash,
    parameter_hash
FROM ledger.audience
WHERE run_no = %(run_no)s::bigint
ORDER BY campaign_id
