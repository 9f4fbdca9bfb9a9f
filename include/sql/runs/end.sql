-- purpose: stamp the end of a run, and of the row it began in where it grew too old to send before it ended
-- grain:   the run
-- params:  run_no bigint, begun_run_no bigint, ended_real_at timestamptz
-- reads:   nothing
-- writes:  ledger.run
-- returns: count
UPDATE ledger.run
SET ended_real_at = %(ended_real_at)s::timestamptz
WHERE
    run_no = %(run_no)s::bigint
    OR (run_no = %(begun_run_no)s::bigint AND ended_real_at IS NULL)
