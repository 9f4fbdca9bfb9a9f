-- purpose: a copy of the landed lines of a batch, to try parts of them
-- grain:   one row per line
-- params:  batch_id bigint, relation relation, aside relation
-- reads:   the landing table
-- writes:  a temporary table
-- returns: nothing
CREATE TEMPORARY TABLE __aside__ ON COMMIT DROP AS
SELECT lines.* -- noqa: AM04
FROM __relation__ AS lines
WHERE lines.batch_id = %(batch_id)s::bigint
