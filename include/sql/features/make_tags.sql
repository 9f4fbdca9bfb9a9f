-- purpose: the tags of the customers of a scope, all by one statement, so that every core infers some of them
-- grain:   one row per customer and tag
-- params:  made relation, tags queries, shop_id text, as_of timestamptz
-- reads:   what the queries read
-- writes:  the made table, of the shape of record.customer_tags
-- returns: nothing
CREATE UNLOGGED TABLE IF NOT EXISTS __made__ AS
SELECT
    %(shop_id)s::text AS shop_id,
    inferred.tag,
    inferred.customer_no,
    inferred.value,
    inferred.number,
    inferred.evidence,
    inferred.out_of,
    inferred.confidence,
    %(as_of)s::timestamptz AS valid_from
FROM __tags__ AS inferred
