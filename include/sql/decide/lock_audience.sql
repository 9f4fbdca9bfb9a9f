-- purpose: one storer of a run's audience at a time, so that a doubled task replaces it instead of colliding
-- grain:   none
-- params:  run_no bigint, campaign_id text
-- reads:   nothing
-- writes:  nothing
-- returns: nothing
SELECT pg_advisory_xact_lock(hashtextextended('audience ' || %(campaign_id)s::text, %(run_no)s::bigint))
