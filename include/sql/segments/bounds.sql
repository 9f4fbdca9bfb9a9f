-- purpose: where the quintiles of recency, frequency and net amount of a shop's customers end, and the quantiles of net
--          amount that make value tiers; the largest value still inside (percentile_disc), so that equal values fall on
--          one side
-- grain:   one row per measure
-- params:  features relation, shop_id text, quintiles float8[], quantiles float8[]
-- reads:   the features relation
-- writes:  nothing
-- returns: many
-- One pass and three sorts in memory: indexes in order would be read to 0.8 of their length for each end.
WITH measured AS (
    SELECT
        count(*) AS customers,
        percentile_disc(%(quintiles)s::float8[]) WITHIN GROUP (ORDER BY last_paid_at) AS last_paid,
        percentile_disc(%(quintiles)s::float8[]) WITHIN GROUP (ORDER BY order_count) AS orders,
        percentile_disc(%(quintiles)s::float8[]) WITHIN GROUP (ORDER BY net_minor) AS net,
        percentile_disc(%(quantiles)s::float8[]) WITHIN GROUP (ORDER BY net_minor) AS tiers
    FROM __features__
    WHERE shop_id = %(shop_id)s::text
)

SELECT
    'recency' AS measure,
    customers,
    last_paid AS instants,
    cast(NULL AS bigint[]) AS ends,
    cast(NULL AS bigint[]) AS tiers
FROM measured
UNION ALL
SELECT
    'frequency' AS measure,
    customers,
    cast(NULL AS timestamptz[]) AS instants,
    cast(orders AS bigint[]) AS ends,
    cast(NULL AS bigint[]) AS tiers
FROM measured
UNION ALL
SELECT
    'monetary' AS measure,
    customers,
    cast(NULL AS timestamptz[]) AS instants,
    net AS ends,
    tiers
FROM measured
