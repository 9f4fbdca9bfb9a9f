-- purpose: stop switches in force
-- grain:   one row per scope that is stopped now
-- params:  none
-- reads:   ledger.stop
-- writes:  nothing
-- returns: many
WITH newest_switches AS (
    SELECT DISTINCT ON (switches.scope, switches.shop_id, switches.campaign_id) switches.*
    FROM ledger.stop AS switches
    ORDER BY switches.scope ASC, switches.shop_id ASC, switches.campaign_id ASC, switches.stop_id DESC
)

SELECT
    scope,
    shop_id,
    campaign_id,
    who,
    note,
    recorded_real_at
FROM newest_switches
WHERE is_stopped
ORDER BY stop_id
