-- purpose: note the customers of whom a birthday or gender was learned, or replaced, between the last refresh and this
--          one: of a member list loaded ahead of the head
-- grain:   one row per version
-- params:  shop_id text, as_of timestamptz
-- reads:   record.heads, contact.people, contact.people_history, facts.customers
-- writes:  pg_temp.changed_numbers
-- returns: count
INSERT INTO pg_temp.changed_numbers (customer_no)
WITH told AS (
    SELECT
        people.customer_id,
        people.known_at AS moment
    FROM contact.people AS people
    WHERE
        people.shop_id = %(shop_id)s::text
        AND (people.birthday IS NOT NULL OR people.gender IS NOT NULL)
    UNION ALL
    SELECT
        replaced.customer_id,
        moments.moment
    FROM contact.people_history AS replaced
    CROSS JOIN LATERAL (VALUES (replaced.known_from), (replaced.known_until)) AS moments (moment)
    WHERE
        replaced.shop_id = %(shop_id)s::text
        AND (replaced.birthday IS NOT NULL OR replaced.gender IS NOT NULL)
)

SELECT customers.customer_no
FROM record.heads AS heads
INNER JOIN told ON heads.refreshed_as_of < told.moment AND told.moment <= %(as_of)s::timestamptz
INNER JOIN facts.customers AS customers
    ON
        heads.shop_id = customers.shop_id
        AND told.customer_id = customers.customer_id
WHERE
    heads.shop_id = %(shop_id)s::text
    AND NOT customers.is_guest
