-- purpose: features and segments of one customer as of an instant; empty but for the stage before the first paid order
-- grain:   one row
-- params:  customers relation, shop_id text, customer_id text, as_of timestamptz, rfm jsonb, segments jsonb
-- reads:   the customers table, facts.customers
-- writes:  nothing
-- returns: maybe
SELECT
    customers.customer_no,
    customers.is_guest,
    features.first_paid_at,
    features.last_paid_at,
    coalesce(features.order_count, 0) AS order_count,
    coalesce(features.paid_minor, 0) AS paid_minor,
    coalesce(features.refund_count, 0) AS refund_count,
    coalesce(features.refund_minor, 0) AS refund_minor,
    coalesce(features.net_minor, 0) AS net_minor,
    %(as_of)s::timestamptz - features.last_paid_at AS recency,
    (features.last_paid_at - features.first_paid_at) / nullif(features.order_count - 1, 0) AS mean_gap,
    labels.r_score,
    labels.f_score,
    labels.m_score,
    labels.rfm_group,
    labels.value_tier,
    labels.stage
FROM facts.customers AS customers
LEFT JOIN __customers__ AS features ON customers.customer_no = features.customer_no
CROSS JOIN
    LATERAL record.labels(
        features.last_paid_at, features.order_count, features.net_minor, %(as_of)s::timestamptz, %(rfm)s::jsonb,
        %(segments)s::jsonb
    ) AS labels
WHERE
    customers.shop_id = %(shop_id)s::text
    AND customers.customer_id = %(customer_id)s::text
    AND customers.known_at <= %(as_of)s::timestamptz
