-- purpose: keep the segments that customers looked at again had until now, where they differ
-- grain:   one row per customer
-- params:  made relation, shop_id text, as_of timestamptz
-- reads:   record.customer_segments, pg_temp.relabelled_customers, the made table
-- writes:  record.customer_segments_history
-- returns: count
INSERT INTO record.customer_segments_history (
    shop_id, customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, dormant_from,
    next_change_at, valid_from, valid_until
)
SELECT
    stored.shop_id,
    stored.customer_no,
    stored.r_score,
    stored.f_score,
    stored.m_score,
    stored.rfm_group,
    stored.value_tier,
    stored.stage,
    stored.dormancy,
    stored.cause,
    stored.dormant_from,
    stored.next_change_at,
    stored.valid_from,
    %(as_of)s::timestamptz AS valid_until
FROM pg_temp.relabelled_customers AS listed
INNER JOIN record.customer_segments AS stored ON listed.customer_no = stored.customer_no
LEFT JOIN __made__ AS made ON stored.customer_no = made.customer_no
WHERE
    stored.shop_id = %(shop_id)s::text
    -- Found at this very instant, it never held for any time.
    AND stored.valid_from < %(as_of)s::timestamptz
    AND (
        stored.r_score, stored.f_score, stored.m_score, stored.rfm_group, stored.value_tier, stored.stage,
        stored.dormancy, stored.cause
    )
    IS DISTINCT FROM (
        made.r_score, made.f_score, made.m_score, made.rfm_group, made.value_tier, made.stage, made.dormancy, made.cause
    )
