-- purpose: every customer of the person that a customer is as of an instant, in all shops of the brand
-- grain:   one row per customer
-- params:  identity uuid, as_of timestamptz
-- reads:   facts.customers, facts.merged_identities, facts.merged_customers
-- writes:  nothing
-- returns: many
SELECT
    customers.shop_id,
    customers.customer_id,
    survivors.customer_id AS stands_for,
    customers.known_at
FROM facts.identities_of(%(identity)s::uuid, %(as_of)s::timestamptz) AS names
INNER JOIN facts.customers AS customers ON names.identity = customers.identity
LEFT JOIN facts.merged_customers AS merged
    ON
        customers.customer_no = merged.customer_no
        AND merged.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
        AND merged.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
LEFT JOIN facts.customers AS survivors ON merged.survivor_no = survivors.customer_no
ORDER BY customers.shop_id, customers.known_at, customers.customer_id
