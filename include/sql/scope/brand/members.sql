-- purpose: birthday and gender of the people of pg_temp.brand_people, by what the member lists of their shops were
--          known to say at an instant; what two of them say differently is not known
-- grain:   one row per person
-- params:  as_of timestamptz
-- reads:   contact.people, contact.people_history, facts.customers, pg_temp.brand_people
-- writes:  nothing
-- returns: many
SELECT
    brand_people.person_no AS customer_no,
    CASE WHEN min(people.birthday) = max(people.birthday) THEN min(people.birthday) END AS birthday,
    CASE WHEN min(people.gender) = max(people.gender) THEN min(people.gender) END AS gender
FROM pg_temp.brand_people AS brand_people
INNER JOIN facts.customers AS customers
    ON
        brand_people.shop_id = customers.shop_id
        AND brand_people.customer_no = customers.customer_no
CROSS JOIN
    LATERAL contact.people_as_of(brand_people.shop_id, %(as_of)s::timestamptz) AS people
WHERE
    people.customer_id = customers.customer_id
    AND NOT customers.is_guest
    AND (people.birthday IS NOT NULL OR people.gender IS NOT NULL)
GROUP BY brand_people.person_no
