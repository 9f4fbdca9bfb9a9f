-- purpose: open a run, or find it again when it is cleared or retried; its type and place at the head are judged anew.
--          One that sent keeps its row: recomputed by a backfill, or cleared long after, it has a second one
-- grain:   one row, the run in that mode
-- params:  realm text, shop_id text, dag_id text, run_id text, cadence text, run_type text, as_of timestamptz,
--          mode text, is_at_head boolean
-- reads:   ledger.run
-- writes:  ledger.run
-- returns: one
INSERT INTO ledger.run (realm, shop_id, dag_id, run_id, cadence, run_type, as_of, mode, is_at_head)
VALUES (
    %(realm)s::text, %(shop_id)s::text, %(dag_id)s::text, %(run_id)s::text, %(cadence)s::text, %(run_type)s::text,
    %(as_of)s::timestamptz, %(mode)s::text, %(is_at_head)s::boolean
)
ON CONFLICT ON CONSTRAINT run_once DO UPDATE
    SET
        run_type = excluded.run_type,
        is_at_head = excluded.is_at_head
RETURNING run_no, realm, shop_id, dag_id, run_id, cadence, run_type, as_of, mode, is_at_head
