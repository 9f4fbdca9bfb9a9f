-- purpose: customers of the shops of a brand with the person they are as of an instant: the lowest number of theirs
-- grain:   one row per customer
-- params:  shop_ids text[], as_of timestamptz
-- reads:   facts.customers, facts.merged_identities
-- writes:  pg_temp.brand_people
-- returns: nothing
CREATE TEMPORARY TABLE brand_people ON COMMIT DROP AS
SELECT
    customers.shop_id,
    customers.customer_no,
    min(customers.customer_no) OVER (PARTITION BY coalesce(merged.survivor, customers.identity)) AS person_no
FROM facts.customers AS customers
LEFT JOIN facts.merged_identities AS merged
    ON
        customers.identity = merged.identity
        AND merged.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
        AND merged.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
WHERE
    customers.shop_id = ANY(%(shop_ids)s::text[])
    AND NOT customers.is_guest
