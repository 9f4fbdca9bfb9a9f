-- purpose: where the quintiles of recency, frequency and net amount of a shop's customers end, and the quantiles of net
--          amount that make value tiers; the largest value still inside (percentile_disc), so that equal values fall on
--          one side. Three sorts, which several cores may share
-- grain:   one row per measure
-- params:  features relation, shop_id text, quintiles float8[], quantiles float8[]
-- reads:   the features relation
-- writes:  nothing
-- returns: many
SELECT
    'recency' AS measure,
    count(*) AS customers,
    percentile_disc(%(quintiles)s::float8[]) WITHIN GROUP (ORDER BY last_paid_at) AS instants,
    cast(NULL AS bigint[]) AS ends,
    cast(NULL AS bigint[]) AS tiers
FROM __features__
WHERE shop_id = %(shop_id)s::text
UNION ALL
SELECT
    'frequency' AS measure,
    count(*) AS customers,
    cast(NULL AS timestamptz[]) AS instants,
    percentile_disc(%(quintiles)s::float8[]) WITHIN GROUP (ORDER BY cast(order_count AS bigint)) AS ends,
    cast(NULL AS bigint[]) AS tiers
FROM __features__
WHERE shop_id = %(shop_id)s::text
UNION ALL
SELECT
    'monetary' AS measure,
    count(*) AS customers,
    cast(NULL AS timestamptz[]) AS instants,
    percentile_disc(%(quintiles)s::float8[]) WITHIN GROUP (ORDER BY net_minor) AS ends,
    percentile_disc(%(quantiles)s::float8[]) WITHIN GROUP (ORDER BY net_minor) AS tiers
FROM __features__
WHERE shop_id = %(shop_id)s::text
