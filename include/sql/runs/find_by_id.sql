-- purpose: the run of a DAG by Airflow's run id: what it sent before what was recomputed of it
-- grain:   one row or none
-- params:  realm text, shop_id text, dag_id text, run_id text
-- reads:   ledger.run
-- writes:  nothing
-- returns: maybe
SELECT
    run_no,
    mode,
    as_of
FROM ledger.run
WHERE
    realm = %(realm)s::text
    AND shop_id = %(shop_id)s::text
    AND dag_id = %(dag_id)s::text
    AND run_id = %(run_id)s::text
ORDER BY (mode = 'send') DESC, run_no DESC
LIMIT 1
