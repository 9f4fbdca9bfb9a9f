-- purpose: who of pg_temp.brand_people is known by a customer id at an instant, or was merged into by then, at each
--          shop that knows one of that id
-- grain:   one row per shop
-- params:  shop_ids text[], customer_id text, as_of timestamptz
-- reads:   facts.customers, facts.merged_customers, record.paid_orders, pg_temp.brand_people
-- writes:  nothing
-- returns: many
-- A guest is nobody of them.
SELECT
    customers.shop_id,
    people.person_no AS customer_no,
    customers.is_guest,
    (
        SELECT bool_or(record.has_paid(theirs.shop_id, theirs.customer_no, %(as_of)s::timestamptz))
        FROM pg_temp.brand_people AS theirs
        WHERE theirs.person_no = people.person_no
    ) AS has_paid
FROM unnest(%(shop_ids)s::text[]) AS shops (shop_id)
CROSS JOIN LATERAL facts.customers_as_of(shops.shop_id, %(as_of)s::timestamptz) AS asked
INNER JOIN facts.customers AS customers ON asked.survivor_no = customers.customer_no
LEFT JOIN pg_temp.brand_people AS people
    ON
        customers.shop_id = people.shop_id
        AND customers.customer_no = people.customer_no
WHERE
    asked.customer_id = %(customer_id)s::text
    AND customers.known_at <= %(as_of)s::timestamptz
ORDER BY customers.shop_id
