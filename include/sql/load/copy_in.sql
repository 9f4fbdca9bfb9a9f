-- purpose: take a CSV stream into a relation
-- grain:   one row per CSV line
-- params:  relation relation, columns columns
-- reads:   STDIN
-- writes:  the relation
-- returns: count
COPY __relation__ (__columns__) FROM STDIN WITH (FORMAT csv)
