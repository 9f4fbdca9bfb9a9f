-- purpose: what the gate found in a run
-- grain:   one row per run, none if it was not judged
-- params:  run_no bigint
-- reads:   ledger.gate
-- writes:  nothing
-- returns: maybe
SELECT
    state,
    detail
FROM ledger.gate
WHERE run_no = %(run_no)s::bigint
