-- purpose: whether so many new rows make a table another one to the planner than it was when last looked at
-- grain:   one answer
-- params:  fact text, rows bigint
-- reads:   the catalogue
-- writes:  nothing
-- returns: one
SELECT reltuples < %(rows)s::bigint * 10 AS is_news
FROM pg_class
WHERE oid = %(fact)s::regclass
