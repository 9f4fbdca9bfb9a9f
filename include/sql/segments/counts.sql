-- purpose: how many customers of a shop are in each RFM group, value tier and lifecycle stage as of an instant, and
--          what they are worth: each is labelled as it is read, by several cores, and counted once
-- grain:   one row per kind of segment and segment
-- params:  customers relation, as_of timestamptz, rfm jsonb, segments jsonb
-- reads:   the customers table
-- writes:  nothing
-- returns: many
WITH combinations AS (
    SELECT
        labels.r_score,
        labels.f_score,
        labels.m_score,
        labels.tier,
        labels.stage,
        count(*) AS customers,
        sum(features.order_count) AS orders,
        sum(features.net_minor) AS net_minor
    FROM __customers__ AS features
    CROSS JOIN
        LATERAL record.labels(
            features.last_paid_at, features.order_count, features.net_minor, %(as_of)s::timestamptz, %(rfm)s::jsonb,
            %(segments)s::jsonb
        ) AS labels
    GROUP BY labels.r_score, labels.f_score, labels.m_score, labels.tier, labels.stage
),

named AS (
    SELECT
        record.group_of(%(rfm)s::jsonb, r_score, f_score, m_score) AS rfm_group,
        %(rfm)s::jsonb -> 'tiers' ->> tier AS value_tier,
        stage,
        customers,
        orders,
        net_minor
    FROM combinations
)

SELECT
    CASE
        WHEN grouping(rfm_group) = 0 THEN 'rfm_group'
        WHEN grouping(value_tier) = 0 THEN 'value_tier'
        ELSE 'stage'
    END AS kind,
    coalesce(rfm_group, value_tier, stage) AS segment,
    sum(customers)::bigint AS customers,
    sum(orders)::bigint AS orders,
    sum(net_minor)::bigint AS net_minor
FROM named
GROUP BY GROUPING SETS ((rfm_group), (value_tier), (stage))
