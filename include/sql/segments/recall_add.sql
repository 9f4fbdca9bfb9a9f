-- purpose: the segments of every customer as of one past instant
-- grain:   one row per customer
-- params:  recalled relation, standing relation, at timestamptz
-- reads:   the segments made as of that instant
-- writes:  the recalled table
-- returns: count
INSERT INTO __recalled__ (
    shop_id, customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, dormant_from,
    next_change_at, valid_from, at
)
SELECT
    shop_id,
    customer_no,
    r_score,
    f_score,
    m_score,
    rfm_group,
    value_tier,
    stage,
    dormancy,
    cause,
    dormant_from,
    next_change_at,
    valid_from,
    %(at)s::timestamptz AS at
FROM __standing__
