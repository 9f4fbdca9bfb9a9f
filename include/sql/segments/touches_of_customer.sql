-- purpose: the first and the last touch of a customer that went out by an instant, and how many did; of a person of a
--          brand, from all its shops
-- grain:   one row, or none
-- params:  realm text, shop_ids text[], customer_no bigint, as_of timestamptz
-- reads:   ledger.message, facts.customers, and what facts.identities_of reads
-- writes:  nothing
-- returns: maybe
WITH accepted_touches AS (
    SELECT
        messages.campaign_id,
        messages.step,
        messages.state_at
    FROM facts.customers AS customers
    CROSS JOIN LATERAL facts.identities_of(customers.identity, %(as_of)s::timestamptz) AS names
    INNER JOIN ledger.message AS messages ON names.identity = messages.identity
    WHERE
        customers.customer_no = %(customer_no)s::bigint
        AND messages.realm = %(realm)s::text
        AND messages.shop_id = ANY(%(shop_ids)s::text[])
        AND messages.state = 'accepted'
        AND messages.state_at <= %(as_of)s::timestamptz
)

SELECT
    count(*) AS touches,
    min(state_at) AS first_at,
    max(state_at) AS last_at,
    (array_agg(campaign_id || ' ' || step ORDER BY state_at))[1] AS first_touch,
    (array_agg(campaign_id || ' ' || step ORDER BY state_at DESC))[1] AS last_touch
FROM accepted_touches
HAVING count(*) > 0
