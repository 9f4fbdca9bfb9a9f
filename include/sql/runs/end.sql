-- purpose: stamp the end of a run
-- grain:   the run
-- params:  run_no bigint, ended_real_at timestamptz
-- reads:   nothing
-- writes:  ledger.run
-- returns: count
UPDATE ledger.run
SET ended_real_at = %(ended_real_at)s::timestamptz
WHERE run_no = %(run_no)s::bigint
