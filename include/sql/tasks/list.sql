-- purpose: tasks of a shop, those to be done first first
-- grain:   one row per task
-- params:  realm text, shop_id text, kind text, state text, most integer, after integer
-- reads:   ledger.worklist
-- writes:  nothing
-- returns: many
-- kind or state NULL: all of them. Open ones by age, closed ones by when they were closed, newest first.
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
WHERE
    realm = %(realm)s::text
    AND shop_id = %(shop_id)s::text
    AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
    AND (%(state)s::text IS NULL OR state = %(state)s::text)
ORDER BY closed_at DESC NULLS FIRST, due_at ASC, task_id ASC
LIMIT %(most)s::integer OFFSET %(after)s::integer
