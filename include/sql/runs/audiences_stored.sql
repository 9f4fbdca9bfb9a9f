-- purpose: campaigns whose audience was stored for a run
-- grain:   one row per campaign
-- params:  run_no bigint
-- reads:   ledger.audience
-- writes:  nothing
-- returns: many
SELECT campaign_id
FROM ledger.audience
WHERE run_no = %(run_no)s::bigint
ORDER BY campaign_id
