-- purpose: birthday and gender of the customers of pg_temp.changed_customers, by what the member list was known to say
--          at an instant
-- grain:   one row per member, guests left out
-- params:  shop_id text, as_of timestamptz
-- reads:   contact.people, contact.people_history, facts.customers, pg_temp.changed_customers
-- writes:  nothing
-- returns: many
SELECT
    customers.customer_no,
    people.birthday,
    people.gender
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN facts.customers AS customers ON changed_customers.customer_no = customers.customer_no
INNER JOIN contact.people_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS people
    ON
        customers.shop_id = people.shop_id
        AND customers.customer_id = people.customer_id
WHERE
    NOT customers.is_guest
    AND (people.birthday IS NOT NULL OR people.gender IS NOT NULL)
