-- purpose: how many expectations the gate judged in a run, and how many held
-- grain:   one row
-- params:  run_no bigint
-- reads:   ledger.gate
-- writes:  nothing
-- returns: one
SELECT
    count(*) AS judged,
    count(*) FILTER (WHERE findings.success) AS held
FROM ledger.gate AS gates
CROSS JOIN LATERAL jsonb_to_recordset(gates.detail) AS findings (success boolean)
WHERE gates.run_no = %(run_no)s::bigint
