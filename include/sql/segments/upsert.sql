-- purpose: write the segments that changed, and the clocks that were set anew; the same again writes nothing
-- grain:   one row per customer
-- params:  made relation
-- reads:   the made table
-- writes:  record.customer_segments
-- returns: count
INSERT INTO record.customer_segments AS stored (
    shop_id, customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, dormant_from,
    next_change_at, valid_from
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
    valid_from
FROM __made__
ON CONFLICT ON CONSTRAINT customer_segments_pk DO UPDATE
    SET
        r_score = excluded.r_score,
        f_score = excluded.f_score,
        m_score = excluded.m_score,
        rfm_group = excluded.rfm_group,
        value_tier = excluded.value_tier,
        stage = excluded.stage,
        dormancy = excluded.dormancy,
        cause = excluded.cause,
        dormant_from = excluded.dormant_from,
        next_change_at = excluded.next_change_at,
        valid_from = CASE
            WHEN
                (
                    stored.r_score, stored.f_score, stored.m_score, stored.rfm_group, stored.value_tier, stored.stage,
                    stored.dormancy, stored.cause
                )
                IS DISTINCT FROM (
                    excluded.r_score, excluded.f_score, excluded.m_score, excluded.rfm_group, excluded.value_tier,
                    excluded.stage, excluded.dormancy, excluded.cause
                )
                THEN excluded.valid_from
            ELSE stored.valid_from
        END
    WHERE (
        stored.r_score, stored.f_score, stored.m_score, stored.rfm_group, stored.value_tier, stored.stage,
        stored.dormancy, stored.cause, stored.dormant_from, stored.next_change_at
    )
    IS DISTINCT FROM (
        excluded.r_score, excluded.f_score, excluded.m_score, excluded.rfm_group, excluded.value_tier, excluded.stage,
        excluded.dormancy, excluded.cause, excluded.dormant_from, excluded.next_change_at
    )
