-- purpose: forget the failed tries of a task that has succeeded since
-- grain:   the task, if it failed before
-- params:  dag_id text, run_id text, task_id text
-- reads:   nothing
-- writes:  ledger.task_failure
-- returns: count
DELETE FROM ledger.task_failure
WHERE
    dag_id = %(dag_id)s::text
    AND run_id = %(run_id)s::text
    AND task_id = %(task_id)s::text
