-- purpose: the last instant at which a version of a narrow fact begins or ends
-- grain:   one answer
-- params:  fact relation, shop_id text
-- reads:   the narrow fact
-- writes:  nothing
-- returns: one
SELECT greatest(max(known_from), max(known_until) FILTER (WHERE known_until < 'infinity')) AS last_at
FROM __fact__
WHERE shop_id = %(shop_id)s::text
