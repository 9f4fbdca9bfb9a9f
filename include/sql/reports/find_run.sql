-- purpose: the run of ours behind an Airflow DAG run: what it sent before what was recomputed of it; of several realms
--          the one begun last
-- grain:   one row, the run
-- params:  dag_id text, run_id text
-- reads:   ledger.run
-- writes:  nothing
-- returns: maybe
SELECT runs.run_no
FROM ledger.run AS runs
WHERE
    runs.dag_id = %(dag_id)s::text
    AND runs.run_id = %(run_id)s::text
ORDER BY (runs.mode = 'send') DESC, runs.run_no DESC
LIMIT 1
