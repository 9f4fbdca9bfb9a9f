-- purpose: wait until nobody decides for this shop, and let nobody begin before the transaction ends
-- grain:   none
-- params:  realm text, scope text
-- reads:   nothing
-- writes:  nothing
-- returns: nothing
-- Shared, beside the lock of decide/lock.sql: a sweep frees what some messages cover and then takes others, a claim
-- takes messages and then covers what is free. At once they would wait for each other for ever.
SELECT pg_advisory_xact_lock_shared(hashtextextended('decide ' || %(realm)s::text || ' ' || %(scope)s::text, 0))
