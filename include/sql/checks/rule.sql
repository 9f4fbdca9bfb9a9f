-- purpose: lines of the batch under judgement that break one row rule; {{batch}} is the relation of failing lines
-- grain:   one row per failing line
-- params:  rule text
-- reads:   the failing lines
-- writes:  nothing
-- returns: many
SELECT line_no
FROM {batch}
WHERE %(rule)s::text = ANY(reasons)
