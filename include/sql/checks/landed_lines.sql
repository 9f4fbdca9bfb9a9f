-- purpose: the lines of a batch as they landed, all columns text: what a shop's own expectations are asked of
-- grain:   one row per line of the batch
-- params:  batch_id bigint, relation relation, landed columns
-- reads:   the landing table
-- writes:  nothing
-- returns: many
SELECT __lines.landed__
FROM __relation__ AS lines
WHERE lines.batch_id = %(batch_id)s::bigint
