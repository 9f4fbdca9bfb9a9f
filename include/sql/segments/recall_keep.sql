-- purpose: join instants at which a customer's segments were the same to spans, until the record begins to keep them
-- grain:   one row per customer and span
-- params:  recalled relation, begins timestamptz
-- reads:   the recalled table
-- writes:  record.customer_segments_history
-- returns: count
INSERT INTO record.customer_segments_history (
    shop_id, customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, dormant_from,
    next_change_at, valid_from, valid_until
)
WITH instants AS (
    SELECT
        at,
        row_number() OVER (ORDER BY at) AS place,
        coalesce(lead(at) OVER (ORDER BY at), %(begins)s::timestamptz) AS next_at
    FROM (SELECT DISTINCT recalled.at FROM __recalled__ AS recalled) AS looked_at
),

-- What stays the same from one instant to the next keeps its distance to the number of the instant.
stretches AS (
    SELECT
        recalled.*,
        instants.next_at,
        instants.place - row_number() OVER (
            PARTITION BY
                recalled.customer_no, recalled.r_score, recalled.f_score, recalled.m_score, recalled.rfm_group,
                recalled.value_tier, recalled.stage, recalled.dormancy, recalled.cause
            ORDER BY recalled.at
        ) AS stretch
    FROM __recalled__ AS recalled
    INNER JOIN instants ON recalled.at = instants.at
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
    max(dormant_from) AS dormant_from,
    max(next_change_at) AS next_change_at,
    min(at) AS valid_from,
    max(next_at) AS valid_until
FROM stretches
GROUP BY
    shop_id, customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, stretch
