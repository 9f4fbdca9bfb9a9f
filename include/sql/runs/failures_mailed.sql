-- purpose: note that people were told of failures
-- grain:   one row per failure
-- params:  dag_id text, task_ids text[], mailed_real_at timestamptz
-- reads:   nothing
-- writes:  ledger.failure
-- returns: count
UPDATE ledger.failure
SET mailed_real_at = %(mailed_real_at)s::timestamptz
WHERE
    dag_id = %(dag_id)s::text
    AND task_id = ANY(%(task_ids)s::text[])
    AND mailed_real_at IS NULL
