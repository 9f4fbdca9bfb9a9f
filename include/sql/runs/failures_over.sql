-- purpose: forget failures of tasks that succeeded since
-- grain:   one row per failure that is over
-- params:  dag_id text, task_ids text[]
-- reads:   nothing
-- writes:  ledger.failure
-- returns: count
DELETE FROM ledger.failure
WHERE
    dag_id = %(dag_id)s::text
    AND task_id = ANY(%(task_ids)s::text[])
