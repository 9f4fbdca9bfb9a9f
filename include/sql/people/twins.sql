-- purpose: customers of a shop who may be reached at one address and are not known to be one person: for somebody to
--          decide, since an identity is never recomputed
-- grain:   one row per customer, address and the customer known first at it
-- params:  shop_id text, at timestamptz
-- reads:   contact.contact_points, facts.customers, facts.merged_identities, facts.merged_customers, facts.orders
-- writes:  nothing
-- returns: many
-- Each is set beside the one known first, not beside every other: a number that a hundred share is a hundred rows.
WITH people AS MATERIALIZED (
    SELECT
        points.kind,
        points.address_hash,
        points.known_at,
        customers.customer_no,
        customers.customer_id,
        customers.identity
    FROM contact.points_as_of(%(shop_id)s::text, %(at)s::timestamptz) AS points
    INNER JOIN facts.customers_as_of(%(shop_id)s::text, %(at)s::timestamptz) AS customers
        ON points.customer_id = customers.customer_id
    WHERE
        points.kind IN ('phone', 'email')
        AND NOT customers.is_guest
        AND customers.survivor_no = customers.customer_no
),

shared AS (
    SELECT
        kind,
        address_hash,
        count(*) AS shared_by,
        (array_agg(customer_no ORDER BY known_at, customer_no))[1] AS first_no,
        (array_agg(customer_id ORDER BY known_at, customer_no))[1] AS first_id,
        (array_agg(identity ORDER BY known_at, customer_no))[1] AS first_identity
    FROM people
    GROUP BY kind, address_hash
    HAVING count(DISTINCT identity) > 1
)

SELECT
    shared.first_id AS customer_id,
    people.customer_id AS twin_id,
    people.kind,
    people.address_hash,
    people.known_at AS since,
    shared.shared_by,
    (
        SELECT count(*)
        FROM facts.orders AS orders
        WHERE orders.customer_no = shared.first_no
    ) AS orders,
    (
        SELECT count(*)
        FROM facts.orders AS orders
        WHERE orders.customer_no = people.customer_no
    ) AS twin_orders
FROM shared
INNER JOIN people ON shared.kind = people.kind AND shared.address_hash = people.address_hash
WHERE people.identity <> shared.first_identity
ORDER BY shared.first_id, people.customer_id, people.kind
