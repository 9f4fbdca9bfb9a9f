-- purpose: the latest instant that anything was decided or learned from in the shops these people are known in
-- grain:   one row; empty before the first run and load
-- params:  identities uuid[]
-- reads:   facts.customers, ledger.run, record.heads
-- writes:  nothing
-- returns: one
SELECT max(latest.at) AS at
FROM (
    SELECT DISTINCT customers.shop_id
    FROM facts.customers AS customers
    WHERE customers.identity = ANY(%(identities)s::uuid[])
) AS shops
CROSS JOIN LATERAL ( -- noqa: ST05
    SELECT max(runs.as_of) AS at
    FROM ledger.run AS runs
    WHERE runs.shop_id = shops.shop_id
    UNION ALL
    SELECT greatest(heads.loaded_as_of, heads.refreshed_as_of, heads.confirmed_as_of) AS at
    FROM record.heads AS heads
    WHERE heads.shop_id = shops.shop_id
) AS latest
