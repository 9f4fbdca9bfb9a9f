-- purpose: birthday and gender of every customer of a shop, by what the member list was known to say at an instant
-- grain:   one row per member, guests left out
-- params:  shop_id text, as_of timestamptz
-- reads:   contact.people, contact.people_history, facts.customers
-- writes:  nothing
-- returns: many
SELECT
    customers.customer_no,
    people.birthday,
    people.gender
FROM contact.people_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS people
INNER JOIN facts.customers AS customers
    ON
        people.shop_id = customers.shop_id
        AND people.customer_id = customers.customer_id
WHERE
    NOT customers.is_guest
    AND (people.birthday IS NOT NULL OR people.gender IS NOT NULL)
