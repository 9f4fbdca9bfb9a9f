-- purpose: features and segments of one customer as of an instant, or of the one they were merged into by then; empty
--          but for who they are before the first paid order
-- grain:   one row
-- params:  features relation, standing relation, shop_id text, customer_id text, as_of timestamptz
-- reads:   the features, the segments made of them, facts.customers, facts.merged_customers, record.paid_orders
-- writes:  nothing
-- returns: maybe
SELECT
    customers.customer_no,
    customers.customer_id,
    customers.is_guest,
    features.first_paid_at,
    features.last_paid_at,
    coalesce(features.order_count, 0) AS order_count,
    coalesce(features.paid_minor, 0) AS paid_minor,
    coalesce(features.refund_count, 0) AS refund_count,
    coalesce(features.refund_minor, 0) AS refund_minor,
    coalesce(features.net_minor, 0) AS net_minor,
    features.purchase_days,
    features.first_day,
    features.last_day,
    features.item_count,
    features.item_orders,
    features.item_paid_minor,
    features.discount_count,
    features.discount_minor,
    features.coupon_count,
    features.coupon_minor,
    %(as_of)s::timestamptz - features.last_paid_at AS recency,
    (features.last_paid_at - features.first_paid_at) / nullif(features.order_count - 1, 0) AS mean_gap,
    standing.r_score,
    standing.f_score,
    standing.m_score,
    standing.rfm_group,
    standing.value_tier,
    coalesce(
        standing.stage,
        CASE
            WHEN record.has_paid(%(shop_id)s::text, customers.customer_no, %(as_of)s::timestamptz) THEN 'lost'
            ELSE 'prospect'
        END
    ) AS stage,
    standing.dormancy,
    standing.cause,
    standing.dormant_from,
    standing.next_change_at
FROM facts.customers_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS asked
INNER JOIN facts.customers AS customers ON asked.survivor_no = customers.customer_no
LEFT JOIN __features__ AS features
    ON customers.shop_id = features.shop_id AND customers.customer_no = features.customer_no
LEFT JOIN __standing__ AS standing
    ON customers.shop_id = standing.shop_id AND customers.customer_no = standing.customer_no
WHERE
    asked.customer_id = %(customer_id)s::text
    AND customers.known_at <= %(as_of)s::timestamptz
