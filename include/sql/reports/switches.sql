-- purpose: every turn of a kill switch, newest first
-- grain:   one row per change
-- params:  shop_ids text[], most integer, after integer
-- reads:   ledger.stop
-- writes:  nothing
-- returns: many
-- Of these shops, and those that name no shop. turned: all of them, on however many pages.
SELECT
    stop_id,
    scope,
    shop_id,
    campaign_id,
    is_stopped,
    who,
    note,
    recorded_real_at,
    count(*) OVER () AS turned
FROM ledger.stop
WHERE shop_id IS NULL OR shop_id = ANY(%(shop_ids)s::text[])
ORDER BY stop_id DESC
LIMIT %(most)s::integer OFFSET %(after)s::integer
