-- purpose: add what a stage of a run took to what it took before
-- grain:   the run
-- params:  run_no bigint, stage text, seconds double_precision
-- reads:   ledger.run
-- writes:  ledger.run
-- returns: count
UPDATE ledger.run
SET
    stage_seconds = stage_seconds || jsonb_build_object(
        %(stage)s::text,
        round((coalesce((stage_seconds ->> %(stage)s::text)::numeric, 0) + %(seconds)s::numeric), 3)
    )
WHERE run_no = %(run_no)s::bigint
