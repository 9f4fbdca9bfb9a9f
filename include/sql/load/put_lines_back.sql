-- purpose: put some of the lines laid aside back into landing
-- grain:   one row per line
-- params:  relation relation, aside relation, lines bigint[]
-- reads:   the copy
-- writes:  the landing table
-- returns: count
INSERT INTO __relation__
SELECT copied.* -- noqa: AM04
FROM __aside__ AS copied
WHERE copied.line_no = ANY(%(lines)s::bigint[])
