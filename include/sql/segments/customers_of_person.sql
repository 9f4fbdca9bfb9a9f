-- purpose: the customers of a person of pg_temp.brand_people at an instant, and what each of them bought
-- grain:   one row per customer
-- params:  person_no bigint, as_of timestamptz, since timestamptz
-- reads:   pg_temp.brand_people, facts.customers, facts.merged_customers, record.paid_orders
-- writes:  nothing
-- returns: many
SELECT
    customers.shop_id,
    customers.customer_id,
    survivors.customer_id AS stands_for,
    count(paid_orders.paid_at) AS order_count,
    coalesce(sum(paid_orders.net_minor), 0)::bigint AS paid_minor,
    max(paid_orders.paid_at) AS last_paid_at
FROM pg_temp.brand_people AS brand_people
INNER JOIN facts.customers AS customers ON brand_people.customer_no = customers.customer_no
LEFT JOIN facts.merged_customers AS merged
    ON
        customers.customer_no = merged.customer_no
        AND merged.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
        AND merged.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
LEFT JOIN facts.customers AS survivors ON merged.survivor_no = survivors.customer_no
LEFT JOIN record.paid_orders AS paid_orders
    ON
        brand_people.shop_id = paid_orders.shop_id
        AND brand_people.customer_no = paid_orders.customer_no
        AND paid_orders.paid_at <= %(as_of)s::timestamptz
        AND paid_orders.paid_at > %(since)s::timestamptz
        AND paid_orders.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
        AND paid_orders.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
WHERE
    brand_people.person_no = %(person_no)s::bigint
    AND customers.known_at <= %(as_of)s::timestamptz
GROUP BY customers.shop_id, customers.customer_id, customers.customer_no, survivors.customer_id
ORDER BY customers.shop_id, customers.customer_no
