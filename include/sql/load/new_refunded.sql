-- purpose: customers whom refunds of a batch name and the shop does not know yet, not even by an order
-- grain:   one row per customer
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean
-- reads:   landing.refund, facts.customers
-- writes:  nothing
-- returns: many
SELECT
    refunded.customer_id,
    false AS is_guest,
    refunded.known_at::text AS known_at
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
    FROM landing.refund AS good_lines
    WHERE good_lines.batch_id = %(batch_id)s::bigint AND good_lines.customer_id IS NOT NULL
    GROUP BY good_lines.customer_id
) AS refunded
WHERE
    NOT EXISTS (
        SELECT 1
        FROM facts.customers
        WHERE customers.shop_id = %(shop_id)s::text AND customers.customer_id = refunded.customer_id
    )
ORDER BY refunded.customer_id
