-- purpose: birthday and gender of the customers of pg_temp.changed_customers, by what the member list was known to say
--          at an instant
-- grain:   one row per member, guests left out
-- params:  shop_id text, as_of timestamptz
-- reads:   contact.people, contact.people_history, facts.customers, pg_temp.changed_customers
-- writes:  nothing
-- returns: many
-- Limited, though a member is one row, so that they are looked up one by one: the planner would read all members.
SELECT
    customers.customer_no,
    people.birthday,
    people.gender
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN facts.customers AS customers ON changed_customers.customer_no = customers.customer_no
CROSS JOIN
    LATERAL (
        SELECT
            known.birthday,
            known.gender
        FROM contact.people_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS known
        WHERE
            known.shop_id = customers.shop_id
            AND known.customer_id = customers.customer_id
        LIMIT 1 -- noqa: AM09
    ) AS people
WHERE
    NOT customers.is_guest
    AND (people.birthday IS NOT NULL OR people.gender IS NOT NULL)
