-- purpose: take the tasks the shop has not been told of, each for one telling alone
-- grain:   one row per task
-- params:  realm text, shop_id text, kinds text[], told_real_at timestamptz
-- reads:   nothing
-- writes:  ledger.worklist
-- returns: many
WITH told_tasks AS (
    UPDATE ledger.worklist AS tasks
    SET told_real_at = %(told_real_at)s::timestamptz
    WHERE
        tasks.realm = %(realm)s::text
        AND tasks.shop_id = %(shop_id)s::text
        AND tasks.kind = ANY(%(kinds)s::text[])
        AND tasks.state = 'open'
        AND tasks.told_real_at IS NULL
    RETURNING
        tasks.task_id,
        tasks.kind,
        tasks.subject_id,
        tasks.reason,
        tasks.due_at
)

SELECT
    task_id,
    kind,
    subject_id,
    reason
FROM told_tasks
ORDER BY kind, due_at, task_id
