-- purpose: which campaigns of a run need an approval
-- grain:   one row per campaign
-- params:  run_no bigint
-- reads:   ledger.approval_batch
-- writes:  nothing
-- returns: many
SELECT DISTINCT batches.campaign_id
FROM ledger.approval_batch AS batches
WHERE batches.run_no = %(run_no)s::bigint
ORDER BY batches.campaign_id
