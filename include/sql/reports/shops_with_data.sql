-- purpose: shops that have something to show: a run, or a customer record
-- grain:   one row per shop
-- params:  shop_ids text[]
-- reads:   ledger.run, record.heads
-- writes:  nothing
-- returns: many
SELECT given.shop_id
FROM unnest(%(shop_ids)s::text[]) AS given (shop_id)
WHERE
    EXISTS (
        SELECT FROM ledger.run AS runs
        WHERE runs.shop_id = given.shop_id
    )
    OR EXISTS (
        SELECT FROM record.heads AS heads
        WHERE heads.shop_id = given.shop_id
    )
ORDER BY given.shop_id
