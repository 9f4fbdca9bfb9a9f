-- purpose: one decide at a time for a realm and shop (or the brand whose identities shops share)
-- grain:   none
-- params:  realm text, scope text
-- reads:   nothing
-- writes:  nothing
-- returns: nothing
SELECT pg_advisory_xact_lock(hashtextextended('decide ' || %(realm)s::text || ' ' || %(scope)s::text, 0))
