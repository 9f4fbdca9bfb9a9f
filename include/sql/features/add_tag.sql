-- purpose: one tag of the customers of a scope, by its own statement
-- grain:   one row per customer who has it
-- params:  made relation, tag statement, purchases statement, lines statement, refunds statement,
--          events statement, members statement, features relation, series relation, label text, rules jsonb,
--          shop_id text, as_of timestamptz, since timestamptz
-- reads:   what the statements put in read
-- writes:  the made table
-- returns: count
INSERT INTO __made__ (shop_id, tag, customer_no, value, number, evidence, out_of, confidence, valid_from)
SELECT
    %(shop_id)s::text AS shop_id,
    %(label)s::text AS tag,
    inferred.customer_no,
    inferred.value,
    inferred.number,
    inferred.evidence,
    inferred.out_of,
    inferred.confidence::real AS confidence,
    %(as_of)s::timestamptz AS valid_from
FROM __tag__ AS inferred
