-- purpose: note the customers whose birthday or gender came in, or was taken back
-- grain:   one row per member
-- params:  shop_id text, batch_ids bigint[]
-- reads:   contact.people, contact.people_history, facts.customers
-- writes:  pg_temp.changed_numbers
-- returns: count
INSERT INTO pg_temp.changed_numbers (customer_no)
SELECT customers.customer_no
FROM contact.people AS people
INNER JOIN facts.customers AS customers
    ON
        people.shop_id = customers.shop_id
        AND people.customer_id = customers.customer_id
WHERE
    people.shop_id = %(shop_id)s::text
    AND people.batch_id = ANY(%(batch_ids)s::bigint[])
    AND NOT customers.is_guest
    AND (
        people.birthday IS NOT NULL
        OR people.gender IS NOT NULL
        OR EXISTS (
            SELECT FROM contact.people_history AS replaced
            WHERE
                replaced.shop_id = people.shop_id
                AND replaced.customer_id = people.customer_id
                AND (replaced.birthday IS NOT NULL OR replaced.gender IS NOT NULL)
        )
    )
