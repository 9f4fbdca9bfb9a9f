-- purpose: kill switches as they stand
-- grain:   one row per scope ever switched
-- params:  none
-- reads:   ledger.stop
-- writes:  nothing
-- returns: many
SELECT DISTINCT ON (scope, shop_id, campaign_id)
    scope,
    shop_id,
    campaign_id,
    is_stopped,
    who,
    note,
    recorded_real_at
FROM ledger.stop
ORDER BY scope ASC, shop_id ASC, campaign_id ASC, stop_id DESC
