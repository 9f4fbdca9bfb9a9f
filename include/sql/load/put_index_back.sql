-- purpose: make an index again that was laid aside
-- grain:   one index
-- params:  definition text
-- reads:   the table
-- writes:  the index
-- returns: nothing
SELECT facts.put_index_back(%(definition)s::text)
