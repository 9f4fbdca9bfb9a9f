-- purpose: withdraw open tasks of a kind that are none any more
-- grain:   one row per task withdrawn
-- params:  realm text, shop_id text, kind text, as_of timestamptz, subject_ids text[], reasons text[]
-- reads:   nothing
-- writes:  ledger.worklist
-- returns: count
UPDATE ledger.worklist AS tasks
SET
    state = 'withdrawn',
    closed_at = %(as_of)s::timestamptz
WHERE
    tasks.realm = %(realm)s::text
    AND tasks.shop_id = %(shop_id)s::text
    AND tasks.kind = %(kind)s::text
    AND tasks.state = 'open'
    AND NOT EXISTS (
        SELECT FROM unnest(%(subject_ids)s::text[], %(reasons)s::text[]) AS kept (subject_id, reason)
        WHERE
            kept.subject_id = tasks.subject_id
            AND kept.reason = tasks.reason
    )
