-- purpose: open tasks; one that was withdrawn is open again, one that is done stays done
-- grain:   one row per task
-- params:  realm text, shop_id text, kind text, run_no bigint, as_of timestamptz, rows jsonb
-- reads:   nothing
-- writes:  ledger.worklist
-- returns: count
-- What an open task says of its subject is kept up to date.
WITH given_tasks AS (
    SELECT rows.*
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS rows (
        subject_id text,
        customer_id text,
        reason text,
        due_at timestamptz,
        detail jsonb
    )
)

INSERT INTO ledger.worklist AS tasks (
    realm, shop_id, kind, subject_id, customer_id, reason, detail, due_at, opened_as_of, opened_run_no
)
SELECT
    %(realm)s::text,
    %(shop_id)s::text,
    %(kind)s::text,
    subject_id,
    customer_id,
    reason,
    coalesce(detail, '{}') AS detail,
    due_at,
    %(as_of)s::timestamptz,
    %(run_no)s::bigint
FROM given_tasks
ORDER BY due_at, subject_id, reason
ON CONFLICT (realm, shop_id, kind, subject_id, reason) DO UPDATE
    SET
        customer_id = excluded.customer_id,
        detail = excluded.detail,
        due_at = excluded.due_at,
        opened_as_of = CASE tasks.state WHEN 'withdrawn' THEN excluded.opened_as_of ELSE tasks.opened_as_of END,
        opened_run_no = CASE tasks.state WHEN 'withdrawn' THEN excluded.opened_run_no ELSE tasks.opened_run_no END,
        state = 'open',
        closed_at = NULL
    WHERE
    tasks.state = 'withdrawn'
    OR (
        tasks.state = 'open'
        AND (tasks.customer_id, tasks.detail, tasks.due_at)
        IS DISTINCT FROM (excluded.customer_id, excluded.detail, excluded.due_at)
    )
