-- purpose: tasks whose mail surely did not go are told of by a later run
-- grain:   one row per task
-- params:  task_ids bigint[]
-- reads:   nothing
-- writes:  ledger.worklist
-- returns: count
UPDATE ledger.worklist AS tasks
SET told_real_at = NULL
WHERE tasks.task_id = ANY(%(task_ids)s::bigint[])
