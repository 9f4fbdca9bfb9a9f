-- purpose: how many customers of a shop are in each segment of each kind as of an instant, and what they are worth
-- grain:   one row per kind of segment and segment
-- params:  features relation, standing relation, shop_id text
-- reads:   the features, and the segments made of them
-- writes:  nothing
-- returns: many
WITH combinations AS (
    SELECT
        standing.rfm_group,
        standing.value_tier,
        standing.stage,
        standing.dormancy,
        standing.cause,
        count(*) AS customers,
        sum(features.order_count) AS orders,
        sum(features.net_minor) AS net_minor
    FROM __standing__ AS standing
    INNER JOIN __features__ AS features
        ON standing.shop_id = features.shop_id AND standing.customer_no = features.customer_no
    WHERE standing.shop_id = %(shop_id)s::text
    GROUP BY standing.rfm_group, standing.value_tier, standing.stage, standing.dormancy, standing.cause
)

SELECT
    kinds.kind,
    kinds.segment,
    sum(combinations.customers)::bigint AS customers,
    sum(combinations.orders)::bigint AS orders,
    sum(combinations.net_minor)::bigint AS net_minor
FROM combinations
CROSS JOIN
    LATERAL (
        VALUES
        ('rfm_group', combinations.rfm_group),
        ('value_tier', combinations.value_tier),
        ('stage', combinations.stage),
        ('dormancy', combinations.dormancy),
        ('cause', combinations.cause)
    ) AS kinds (kind, segment)
WHERE kinds.segment IS NOT NULL
GROUP BY kinds.kind, kinds.segment
