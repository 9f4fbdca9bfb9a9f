-- purpose: how many customers of a shop are in each RFM group, value tier and lifecycle stage as of an instant, and
--          what they are worth; guests are in none
-- grain:   one row per kind of segment and segment
-- params:  labelled relation, shop_id text, as_of timestamptz
-- reads:   the labelled table, facts.customers
-- writes:  nothing
-- returns: many
WITH prospects AS (
    SELECT count(*) AS customers
    FROM facts.customers AS customers
    WHERE
        customers.shop_id = %(shop_id)s::text
        AND customers.known_at <= %(as_of)s::timestamptz
        AND NOT customers.is_guest
        AND NOT EXISTS (
            SELECT FROM __labelled__ AS labelled
            WHERE labelled.customer_no = customers.customer_no
        )
),

counted AS (
    SELECT
        CASE
            WHEN grouping(rfm_group) = 0 THEN 'rfm_group'
            WHEN grouping(value_tier) = 0 THEN 'value_tier'
            ELSE 'stage'
        END AS kind,
        coalesce(rfm_group, value_tier, stage) AS segment,
        count(*) AS customers,
        sum(order_count) AS orders,
        sum(net_minor)::bigint AS net_minor
    FROM __labelled__
    GROUP BY GROUPING SETS ((rfm_group), (value_tier), (stage))
    UNION ALL
    SELECT
        'stage' AS kind,
        'prospect' AS segment,
        customers,
        0 AS orders,
        0 AS net_minor
    FROM prospects
    WHERE customers > 0
)

SELECT
    kind,
    segment,
    customers,
    round(100.0 * customers / sum(customers) OVER (PARTITION BY kind), 1) AS percent,
    orders,
    net_minor
FROM counted
ORDER BY kind ASC, customers DESC, segment ASC
