-- purpose: where the quintiles of recency, frequency and net amount of a shop's customers end, and the quantiles of net
--          amount that make value tiers; the largest value still inside (percentile_disc), so that equal values fall on
--          one side
-- grain:   one row
-- params:  features relation, shop_id text, tier_quantiles float8[]
-- reads:   the features relation
-- writes:  nothing
-- returns: one
SELECT
    count(*) AS customers,
    percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY last_paid_at) AS recency,
    percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY order_count) AS frequency,
    percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY net_minor) AS monetary,
    percentile_disc(%(tier_quantiles)s::float8[]) WITHIN GROUP (ORDER BY net_minor) AS tiers
FROM __features__
WHERE shop_id = %(shop_id)s::text
