-- purpose: who was in a segment at an instant, as the record said then, and since when
-- grain:   one row per customer
-- params:  shop_id text, at timestamptz, kind text, segment text
-- reads:   record.customer_segments, record.customer_segments_history, facts.customers
-- writes:  nothing
-- returns: many
SELECT
    customers.customer_id,
    members.valid_from,
    members.rfm_group,
    members.value_tier,
    members.stage,
    members.dormancy,
    members.cause
FROM record.members_at(%(shop_id)s::text, %(at)s::timestamptz) AS members
INNER JOIN facts.customers AS customers ON members.customer_no = customers.customer_no
WHERE
    %(segment)s::text = CASE %(kind)s::text
        WHEN 'rfm_group' THEN members.rfm_group
        WHEN 'value_tier' THEN members.value_tier
        WHEN 'stage' THEN members.stage
        WHEN 'dormancy' THEN members.dormancy
        WHEN 'cause' THEN members.cause
    END
ORDER BY customers.customer_id
