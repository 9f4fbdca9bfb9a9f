-- purpose: keep versions of what a shop learns in order, until the transaction ends
-- grain:   one row
-- params:  shop_id text, parameter text
-- reads:   nothing
-- writes:  nothing
-- returns: nothing
SELECT pg_advisory_xact_lock(hashtextextended('learned ' || %(shop_id)s::text || ' ' || %(parameter)s::text, 0))
