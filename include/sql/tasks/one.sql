-- purpose: one task
-- grain:   the task, if there is one of that number
-- params:  task_id bigint
-- reads:   ledger.worklist
-- writes:  nothing
-- returns: maybe
SELECT
    task_id,
    realm,
    shop_id,
    kind,
    subject_id,
    customer_id,
    reason,
    detail,
    due_at,
    opened_as_of,
    state,
    outcome,
    note,
    who,
    closed_at
FROM ledger.worklist
WHERE task_id = %(task_id)s::bigint
