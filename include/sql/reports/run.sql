-- purpose: the head of a run's report: which shop, from which instant, in which mode, and what the gate said
-- grain:   one row, the run
-- params:  run_no bigint
-- reads:   ledger.run, ledger.gate
-- writes:  nothing
-- returns: maybe
SELECT
    runs.run_no,
    runs.realm,
    runs.shop_id,
    runs.dag_id,
    runs.run_id,
    runs.cadence,
    runs.run_type,
    runs.as_of,
    runs.mode,
    runs.is_at_head,
    runs.begun_real_at,
    runs.ended_real_at,
    runs.stage_seconds,
    gates.state AS gate_state,
    gates.judged_real_at
FROM ledger.run AS runs
LEFT JOIN ledger.gate AS gates ON runs.run_no = gates.run_no
WHERE runs.run_no = %(run_no)s::bigint
