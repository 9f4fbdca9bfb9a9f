-- purpose: one transaction numbers words at a time, until it ends: two that number the same words in different orders
--          would wait for each other
-- grain:   one row
-- params:  none
-- reads:   nothing
-- writes:  nothing
-- returns: one
SELECT pg_advisory_xact_lock(hashtextextended('record.words', 0))::text AS held
