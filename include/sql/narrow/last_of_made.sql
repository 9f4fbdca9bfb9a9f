-- purpose: the last instant at which one of the versions just made begins or ends
-- grain:   one answer
-- params:  made relation
-- reads:   a list of versions
-- writes:  nothing
-- returns: one
SELECT greatest(max(known_from), max(known_until) FILTER (WHERE known_until < 'infinity')) AS last_at
FROM __made__
