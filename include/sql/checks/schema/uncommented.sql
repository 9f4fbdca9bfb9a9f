-- purpose: tables and constraints of ours that say nothing about themselves
-- grain:   one row per table or constraint without a comment
-- params:  none
-- reads:   the catalogue
-- writes:  nothing
-- returns: many
SELECT tables.oid::regclass::text AS name
FROM pg_class AS tables
INNER JOIN pg_namespace AS schemas ON tables.relnamespace = schemas.oid
WHERE
    schemas.nspname IN ('landing', 'facts', 'contact', 'record', 'ledger')
    AND tables.relkind IN ('r', 'p')
    AND obj_description(tables.oid, 'pg_class') IS NULL
UNION ALL
SELECT constraints.conrelid::regclass::text || '.' || constraints.conname AS name
FROM pg_constraint AS constraints
INNER JOIN pg_namespace AS schemas ON constraints.connamespace = schemas.oid
WHERE
    schemas.nspname IN ('landing', 'facts', 'contact', 'record', 'ledger')
    AND constraints.contype IN ('p', 'u', 'c', 'f')
    AND obj_description(constraints.oid, 'pg_constraint') IS NULL
ORDER BY name
