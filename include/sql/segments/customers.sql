-- purpose: recency, frequency, monetary value and lifecycle stage of every customer of a shop as of an instant
-- grain:   one row per customer
-- params:  shop_id text, as_of timestamptz, segments jsonb, features relation
-- reads:   facts.customers, the features relation
-- writes:  nothing
-- returns: many
WITH thresholds AS (
    SELECT
        (given ->> 'second_time_orders')::integer AS second_time_orders,
        (given ->> 'loyal_orders')::integer AS loyal_orders,
        make_interval(secs => (given ->> 'drifting_after')::float8) AS drifting_after,
        make_interval(secs => (given ->> 'dormant_after')::float8) AS dormant_after,
        make_interval(secs => (given ->> 'lost_after')::float8) AS lost_after
    FROM (SELECT %(segments)s::jsonb AS given) AS segments
),

-- Silence is counted in seconds, not in days of a zone: a stage begins exactly so long after the last payment.
silences AS (
    SELECT
        customers.customer_id,
        customers.customer_no,
        features.last_paid_at,
        coalesce(features.order_count, 0) AS order_count,
        coalesce(features.paid_minor, 0) AS paid_minor,
        %(as_of)s::timestamptz - features.last_paid_at AS recency,
        (features.last_paid_at - features.first_paid_at) / nullif(features.order_count - 1, 0) AS mean_gap
    FROM facts.customers AS customers
    LEFT JOIN __features__ AS features
        ON
            customers.shop_id = features.shop_id
            AND customers.customer_no = features.customer_no
    WHERE customers.shop_id = %(shop_id)s::text
)

SELECT
    silences.customer_id,
    silences.customer_no,
    silences.last_paid_at,
    silences.order_count,
    silences.paid_minor,
    silences.recency,
    silences.mean_gap,
    CASE
        WHEN silences.order_count = 0 THEN 'prospect'
        WHEN silences.recency >= thresholds.lost_after THEN 'lost'
        WHEN silences.recency >= thresholds.dormant_after THEN 'dormant'
        WHEN silences.recency >= thresholds.drifting_after THEN 'drifting'
        WHEN silences.order_count >= thresholds.loyal_orders THEN 'loyal'
        WHEN silences.order_count >= thresholds.second_time_orders THEN 'second_time'
        ELSE 'new'
    END AS stage
FROM silences
CROSS JOIN thresholds
ORDER BY silences.customer_id
