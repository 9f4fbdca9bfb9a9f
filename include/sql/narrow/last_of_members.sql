-- purpose: the last instant at which a birthday or gender that came in was learned
-- grain:   one row
-- params:  shop_id text, batch_ids bigint[], is_all boolean
-- reads:   contact.people
-- writes:  nothing
-- returns: one
SELECT max(known_at) AS last_at
FROM contact.people
WHERE
    shop_id = %(shop_id)s::text
    AND (birthday IS NOT NULL OR gender IS NOT NULL)
    AND (%(is_all)s::boolean OR batch_id = ANY(%(batch_ids)s::bigint[]))
