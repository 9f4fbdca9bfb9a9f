-- purpose: drop the secondary indexes of a table that holds nothing yet, to make them once over what a bulk load brings
-- grain:   one row per index; none if the table holds something or another load is doing the same
-- params:  fact text
-- reads:   the table, the catalogue
-- writes:  the table's indexes
-- returns: many
SELECT aside.definition
FROM facts.lay_indexes_aside(%(fact)s::regclass) AS aside (definition)
