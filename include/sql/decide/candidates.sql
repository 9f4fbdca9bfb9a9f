-- purpose: the stored candidates of a run
-- grain:   one row per candidate
-- params:  run_no bigint
-- reads:   ledger.candidate
-- writes:  nothing
-- returns: many
SELECT
    campaign_id,
    step,
    occasion,
    identity,
    customer_id,
    not_before,
    not_after,
    covers,
    exclude_reason,
    stage,
    variant
FROM ledger.candidate
WHERE run_no = %(run_no)s::bigint
ORDER BY campaign_id, step, occasion, identity
