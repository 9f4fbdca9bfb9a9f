-- purpose: what the gate said of a run, if it spoke
-- grain:   one row or none
-- params:  run_no bigint
-- reads:   ledger.gate
-- writes:  nothing
-- returns: maybe
SELECT
    state,
    detail
FROM ledger.gate
WHERE run_no = %(run_no)s::bigint
