-- purpose: how many messages stand where, in one snapshot
-- grain:   one row
-- params:  realm text, shop_id text
-- reads:   ledger.message
-- writes:  nothing
-- returns: one
SELECT
    count(*) AS messages,
    count(*) FILTER (WHERE state IN ('waiting', 'claimed', 'sending')) AS waiting,
    count(*) FILTER (WHERE state = 'accepted') AS accepted,
    count(*) FILTER (WHERE state = 'rejected') AS rejected,
    count(*) FILTER (WHERE state = 'expired') AS expired,
    count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE state IN ('unknown', 'abandoned')) AS unknown
FROM ledger.message
WHERE
    realm = %(realm)s::text
    AND shop_id = %(shop_id)s::text
