-- purpose: one tag of the customers of a scope, by its own statement
-- grain:   one row per customer who has it
-- params:  tag statement, purchases statement, lines statement, refunds statement,
--          events statement, members statement, features relation, series relation, label text, rules jsonb,
--          shop_id text, as_of timestamptz, since timestamptz
-- reads:   what the statements put in read
-- writes:  nothing
-- returns: many
SELECT
    %(label)s::text AS tag,
    inferred.customer_no,
    inferred.value,
    inferred.number,
    inferred.evidence,
    inferred.out_of,
    inferred.confidence::real AS confidence
FROM __tag__ AS inferred
