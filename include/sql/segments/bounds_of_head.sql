-- purpose: what segments/bounds says of the stored features, read off their indexes in order, without a sort
-- grain:   one row per measure
-- params:  shop_id text, quintiles float8[], quantiles float8[]
-- reads:   record.customer_features
-- writes:  nothing
-- returns: many
SELECT
    measure,
    customers,
    instants,
    ends,
    tiers
FROM record.bounds_of_head(%(shop_id)s::text, %(quintiles)s::float8[], %(quantiles)s::float8[])
