-- purpose: features and segments of one customer of a shop, or person of a brand, as of an instant; empty before their
--          first paid order
-- grain:   one row
-- params:  features relation, standing relation, shop_id text, customer_no bigint, as_of timestamptz
-- reads:   the features, the segments made of them
-- writes:  nothing
-- returns: one
SELECT
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
    standing.stage,
    standing.dormancy,
    standing.cause,
    standing.dormant_from,
    standing.next_change_at
FROM (VALUES (%(shop_id)s::text, %(customer_no)s::bigint)) AS asked (shop_id, customer_no)
LEFT JOIN __features__ AS features
    ON asked.shop_id = features.shop_id AND asked.customer_no = features.customer_no
LEFT JOIN __standing__ AS standing
    ON asked.shop_id = standing.shop_id AND asked.customer_no = standing.customer_no
