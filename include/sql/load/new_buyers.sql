-- purpose: buyers of a batch of orders whom the shop does not know yet
-- grain:   one row per customer
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean
-- reads:   landing."order", facts.customers
-- writes:  nothing
-- returns: many
SELECT
    buyers.customer_id,
    buyers.is_guest,
    buyers.known_at::text AS known_at
FROM (
    SELECT
        coalesce(good_lines.customer_id, 'order:' || good_lines.order_id) AS customer_id,
        bool_and(good_lines.customer_id IS NULL) AS is_guest,
        CASE
            WHEN %(is_history)s::boolean THEN min(good_lines.created_at::timestamptz)
            ELSE %(as_of)s::timestamptz
        END AS known_at
    FROM landing."order" AS good_lines
    WHERE good_lines.batch_id = %(batch_id)s::bigint
    GROUP BY coalesce(good_lines.customer_id, 'order:' || good_lines.order_id)
) AS buyers
WHERE
    NOT EXISTS (
        SELECT 1
        FROM facts.customers
        WHERE customers.shop_id = %(shop_id)s::text AND customers.customer_id = buyers.customer_id
    )
ORDER BY buyers.customer_id
