-- purpose: how many customers were in each segment at an instant, as the record said then
-- grain:   one row per kind of segment and segment
-- params:  shop_id text, at timestamptz
-- reads:   record.customer_segments, record.customer_segments_history
-- writes:  nothing
-- returns: many
SELECT
    kinds.kind,
    kinds.segment,
    count(*) AS customers
FROM record.members_at(%(shop_id)s::text, %(at)s::timestamptz) AS members
CROSS JOIN
    LATERAL (
        VALUES
        ('rfm_group', members.rfm_group),
        ('value_tier', members.value_tier),
        ('stage', members.stage),
        ('dormancy', members.dormancy),
        ('cause', members.cause)
    ) AS kinds (kind, segment)
WHERE kinds.segment IS NOT NULL
GROUP BY kinds.kind, kinds.segment
ORDER BY kinds.kind ASC, count(*) DESC, kinds.segment ASC
