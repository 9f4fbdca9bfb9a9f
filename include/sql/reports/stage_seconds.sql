-- purpose: how long the stages of some runs took
-- grain:   one row per stage
-- params:  run_nos bigint[]
-- reads:   ledger.run
-- writes:  nothing
-- returns: many
SELECT
    stages.stage,
    sum(stages.took::numeric)::double precision AS seconds
FROM ledger.run AS runs
CROSS JOIN LATERAL jsonb_each_text(runs.stage_seconds) AS stages (stage, took)
WHERE runs.run_no = any(%(run_nos)s::bigint[])
GROUP BY stages.stage
ORDER BY stages.stage
