-- purpose: the lines laid aside, in their order
-- grain:   one row per line
-- params:  aside relation
-- reads:   the copy
-- writes:  nothing
-- returns: many
SELECT lines.line_no
FROM __aside__ AS lines
ORDER BY lines.line_no
