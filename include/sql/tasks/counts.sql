-- purpose: how many tasks a shop has
-- grain:   one row per kind and state there are tasks of
-- params:  realm text, shop_id text
-- reads:   ledger.worklist
-- writes:  nothing
-- returns: many
SELECT
    kind,
    state,
    count(*) AS tasks
FROM ledger.worklist
WHERE
    realm = %(realm)s::text
    AND shop_id = %(shop_id)s::text
GROUP BY kind, state
ORDER BY kind, state
