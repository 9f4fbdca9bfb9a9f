-- purpose: who moved where between two instants, as the record said at each; "none" before the first paid order
-- grain:   one row per pair of segments
-- params:  shop_id text, begins timestamptz, ends timestamptz, kind text
-- reads:   record.customer_segments, record.customer_segments_history
-- writes:  nothing
-- returns: many
WITH before AS (
    SELECT
        customer_no,
        CASE %(kind)s::text
            WHEN 'rfm_group' THEN rfm_group
            WHEN 'value_tier' THEN value_tier
            WHEN 'stage' THEN stage
            WHEN 'dormancy' THEN dormancy
            WHEN 'cause' THEN cause
        END AS segment
    FROM record.members_at(%(shop_id)s::text, %(begins)s::timestamptz)
),

after AS (
    SELECT
        customer_no,
        CASE %(kind)s::text
            WHEN 'rfm_group' THEN rfm_group
            WHEN 'value_tier' THEN value_tier
            WHEN 'stage' THEN stage
            WHEN 'dormancy' THEN dormancy
            WHEN 'cause' THEN cause
        END AS segment
    FROM record.members_at(%(shop_id)s::text, %(ends)s::timestamptz)
)

SELECT
    coalesce(before.segment, 'none') AS left_segment,
    coalesce(after.segment, 'none') AS entered_segment,
    count(*) AS customers
FROM before
FULL JOIN after ON before.customer_no = after.customer_no
WHERE before.segment IS DISTINCT FROM after.segment
GROUP BY coalesce(before.segment, 'none'), coalesce(after.segment, 'none')
ORDER BY count(*) DESC, coalesce(before.segment, 'none') ASC, coalesce(after.segment, 'none') ASC
