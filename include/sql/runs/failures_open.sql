-- purpose: failures of a DAG that are not over yet
-- grain:   one row per task
-- params:  dag_id text
-- reads:   ledger.failure
-- writes:  nothing
-- returns: many
SELECT
    task_id,
    subject,
    mailed_real_at IS NOT NULL AS is_mailed
FROM ledger.failure
WHERE dag_id = %(dag_id)s::text
ORDER BY task_id
