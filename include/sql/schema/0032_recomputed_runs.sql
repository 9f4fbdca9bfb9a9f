-- A run that sent keeps its row: what recomputes it later, a backfill or a clearing long after, has a row of its own.

ALTER TABLE ledger.run DROP CONSTRAINT run_once;
ALTER TABLE ledger.run ADD CONSTRAINT run_once UNIQUE (realm, shop_id, dag_id, run_id, mode);
COMMENT ON CONSTRAINT run_once ON ledger.run IS
'A run id names one run of a DAG: one row for what it sent, one for what was recomputed of it.';
COMMENT ON TABLE ledger.run IS
'One row per DAG run (or shell run) of a shop and mode. A cleared run keeps its row; recomputed, it has a second one.';
