-- purpose: what a constraint, or an index, is about
-- grain:   one row per column
-- params:  constraint text
-- reads:   the catalogue
-- writes:  nothing
-- returns: many
SELECT DISTINCT columns.attname::text AS column_name
FROM pg_attribute AS columns
LEFT JOIN pg_constraint AS constraints
    ON columns.attrelid = constraints.conrelid AND columns.attnum = any(constraints.conkey)
LEFT JOIN pg_class AS indexes
    ON columns.attrelid = indexes.oid AND indexes.relkind = 'i'
WHERE
    columns.attnum > 0
    AND (constraints.conname = %(constraint)s::text OR indexes.relname = %(constraint)s::text)
