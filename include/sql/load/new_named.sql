-- purpose: customers whom refunds, inquiries or visits of a batch name and the shop does not know yet, not even by an
--          order
-- grain:   one row per customer
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean,
--          relation relation
-- reads:   the landing table, facts.customers
-- writes:  nothing
-- returns: many
SELECT
    named_customers.customer_id,
    false AS is_guest,
    named_customers.known_at::text AS known_at
FROM (
    SELECT
        good_lines.customer_id,
        CASE
            WHEN %(is_history)s::boolean
                THEN min(coalesce(
                    good_lines.happened_at::timestamptz,
                    good_lines.modified_at::timestamptz,
                    %(snapshot_at)s::timestamptz
                ))
            ELSE %(as_of)s::timestamptz
        END AS known_at
    FROM __relation__ AS good_lines
    WHERE good_lines.batch_id = %(batch_id)s::bigint AND good_lines.customer_id IS NOT NULL
    GROUP BY good_lines.customer_id
) AS named_customers
WHERE
    NOT EXISTS (
        SELECT 1
        FROM facts.customers
        WHERE customers.shop_id = %(shop_id)s::text AND customers.customer_id = named_customers.customer_id
    )
ORDER BY named_customers.customer_id
