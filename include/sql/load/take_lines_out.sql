-- purpose: take the lines of a batch out of landing, while a copy of them is kept
-- grain:   one row per line
-- params:  batch_id bigint, relation relation
-- reads:   nothing
-- writes:  the landing table
-- returns: count
DELETE FROM __relation__ AS lines
WHERE lines.batch_id = %(batch_id)s::bigint
