-- purpose: scores, RFM group, value tier and lifecycle stage of all customers of a shop as of an instant, beside their
--          features, for the rest of the transaction
-- grain:   one row per customer with a paid order
-- params:  as_of timestamptz, rfm jsonb, segments jsonb
-- reads:   pg_temp.customers_as_of
-- writes:  pg_temp.labelled_customers
-- returns: nothing
CREATE TEMPORARY TABLE labelled_customers ON COMMIT DROP AS
SELECT
    features.customer_no,
    features.first_paid_at,
    features.last_paid_at,
    features.order_count,
    features.paid_minor,
    features.refund_count,
    features.refund_minor,
    features.net_minor,
    labels.r_score,
    labels.f_score,
    labels.m_score,
    labels.rfm_group,
    labels.value_tier,
    labels.stage
FROM pg_temp.customers_as_of AS features
CROSS JOIN
    LATERAL record.labels(
        features.last_paid_at, features.order_count, features.net_minor, %(as_of)s::timestamptz, %(rfm)s::jsonb,
        %(segments)s::jsonb
    ) AS labels
