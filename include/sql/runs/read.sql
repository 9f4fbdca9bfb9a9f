-- purpose: a run by its number
-- grain:   one row, the run
-- params:  run_no bigint
-- reads:   ledger.run
-- writes:  nothing
-- returns: maybe
SELECT
    run_no,
    realm,
    shop_id,
    dag_id,
    run_id,
    cadence,
    run_type,
    as_of,
    mode,
    is_at_head
FROM ledger.run
WHERE run_no = %(run_no)s::bigint
