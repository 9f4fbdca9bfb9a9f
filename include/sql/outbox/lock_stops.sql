-- purpose: let one person at a time look at the kill switches and turn one
-- grain:   one lock
-- params:  none
-- reads:   nothing
-- writes:  nothing
-- returns: nothing
SELECT pg_advisory_xact_lock(hashtextextended('touchpoint stops', 0))
