-- purpose: what failed in a run, and why
-- grain:   one row per task whose latest try failed
-- params:  dag_id text, run_id text
-- reads:   ledger.task_failure
-- writes:  nothing
-- returns: many
SELECT
    failures.task_id,
    failures.subject,
    failures.cause,
    failures.remedy
FROM ledger.task_failure AS failures
WHERE
    failures.dag_id = %(dag_id)s::text
    AND failures.run_id = %(run_id)s::text
ORDER BY failures.failed_real_at, failures.task_id
