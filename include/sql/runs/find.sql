-- purpose: the newest runs of a shop and realm
-- grain:   one row per run, newest first
-- params:  realm text, shop_id text, most integer
-- reads:   ledger.run
-- writes:  nothing
-- returns: many
SELECT
    run_no,
    realm,
    shop_id,
    dag_id,
    run_id,
    cadence,
    run_type,
    as_of,
    mode,
    is_at_head
FROM ledger.run
WHERE
    realm = %(realm)s::text
    AND shop_id = %(shop_id)s::text
ORDER BY run_no DESC
LIMIT %(most)s::integer
