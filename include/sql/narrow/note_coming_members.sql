-- purpose: the same for customers of whom a birthday or gender is learned, or replaced, later than this refresh
-- grain:   one row per customer and instant
-- params:  shop_id text, as_of timestamptz, batch_ids bigint[], is_all boolean
-- reads:   contact.people, contact.people_history, facts.customers
-- writes:  record.coming
-- returns: count
INSERT INTO record.coming (shop_id, at, customer_no)
WITH touched AS (
    SELECT
        customer_id,
        known_at
    FROM contact.people
    WHERE
        shop_id = %(shop_id)s::text
        AND (%(is_all)s::boolean OR batch_id = ANY(%(batch_ids)s::bigint[]))
        AND known_at > %(as_of)s::timestamptz
),

moments AS (
    SELECT
        customer_id,
        known_at AS moment
    FROM touched
    UNION
    SELECT
        touched.customer_id,
        replaced.known_from AS moment
    FROM touched
    INNER JOIN contact.people_history AS replaced ON touched.customer_id = replaced.customer_id
    WHERE
        replaced.shop_id = %(shop_id)s::text
        AND replaced.known_from > %(as_of)s::timestamptz
)

SELECT
    customers.shop_id,
    moments.moment AS at,
    customers.customer_no
FROM moments
INNER JOIN facts.customers AS customers ON moments.customer_id = customers.customer_id
WHERE
    customers.shop_id = %(shop_id)s::text
    AND NOT customers.is_guest
ON CONFLICT ON CONSTRAINT coming_pk DO NOTHING
