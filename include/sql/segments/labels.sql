-- purpose: scores, RFM group, value tier and lifecycle stage of all customers of a shop as of an instant, beside their
--          features, in a table that lives as long as the transaction wants it
-- grain:   one row per customer with a paid order
-- params:  labelled relation, customers relation, as_of timestamptz, rfm jsonb, segments jsonb
-- reads:   the customers table
-- writes:  the labelled table
-- returns: nothing
CREATE UNLOGGED TABLE __labelled__ AS
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
FROM __customers__ AS features
CROSS JOIN
    LATERAL record.labels(
        features.last_paid_at, features.order_count, features.net_minor, %(as_of)s::timestamptz, %(rfm)s::jsonb,
        %(segments)s::jsonb
    ) AS labels
