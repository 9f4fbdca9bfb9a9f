-- purpose: record what came of a task; one somebody has done already stays as it is
-- grain:   one row per task
-- params:  task_id bigint, shop_id text, outcome text, note text, who text, at timestamptz
-- reads:   nothing
-- writes:  ledger.worklist
-- returns: count
UPDATE ledger.worklist AS tasks
SET
    state = 'done',
    outcome = %(outcome)s::text,
    note = %(note)s::text,
    who = %(who)s::text,
    closed_at = %(at)s::timestamptz
WHERE
    tasks.task_id = %(task_id)s::bigint
    AND tasks.shop_id = %(shop_id)s::text
    AND tasks.state <> 'done'
