-- purpose: the stored candidates of a run, each as the person they are known to be now
-- grain:   one row per candidate
-- params:  run_no bigint
-- reads:   ledger.candidate, facts.merged_identities
-- writes:  nothing
-- returns: many
SELECT
    campaign_id,
    step,
    occasion,
    facts.identity_of(identity, 'infinity') AS identity,
    customer_id,
    not_before,
    not_after,
    covers,
    exclude_reason,
    stage,
    variant
FROM ledger.candidate
WHERE run_no = %(run_no)s::bigint
ORDER BY campaign_id, step, occasion, exclude_reason NULLS FIRST, customer_id
