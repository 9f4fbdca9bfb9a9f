-- purpose: wait for the ingest lock of a shop; held until the transaction ends
-- grain:   one lock
-- params:  shop_id text
-- reads:   nothing
-- writes:  nothing
-- returns: nothing
SELECT pg_advisory_xact_lock(hashtextextended('touchpoint ingest ' || %(shop_id)s::text, 0))
