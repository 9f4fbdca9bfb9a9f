-- purpose: one maker of a run's scratch table at a time: two that make it at once would collide in the catalogue
-- grain:   none
-- params:  scratch text
-- reads:   nothing
-- writes:  nothing
-- returns: nothing
SELECT pg_advisory_xact_lock(hashtextextended(%(scratch)s::text, 0))
