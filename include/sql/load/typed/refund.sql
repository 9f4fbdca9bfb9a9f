-- purpose: refunds of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean
-- reads:   landing.refund, facts.customers, facts.merged_customers, facts.orders
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.refund_id,
    good_lines.order_id,
    coalesce(customers.customer_no, orders.customer_no) AS customer_no,
    facts.minor_units(good_lines.amount, good_lines.currency) AS amount_minor,
    good_lines.currency::char(3) AS currency,
    coalesce(good_lines.state, 'succeeded') AS state,
    coalesce(
        good_lines.happened_at::timestamptz, good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz
    ) AS happened_at,
    coalesce(
        good_lines.modified_at::timestamptz, good_lines.happened_at::timestamptz, %(snapshot_at)s::timestamptz
    ) AS modified_at,
    coalesce(good_lines.modified_at, good_lines.happened_at) IS NOT NULL AS has_version,
    CASE
        WHEN %(is_history)s::boolean
            THEN coalesce(
                good_lines.happened_at::timestamptz, good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz
            )
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing.refund AS good_lines
LEFT JOIN facts.buyers AS customers
    ON customers.shop_id = %(shop_id)s::text AND good_lines.customer_id = customers.customer_id
LEFT JOIN facts.orders AS orders
    ON orders.shop_id = %(shop_id)s::text AND good_lines.order_id = orders.order_id
WHERE good_lines.batch_id = %(batch_id)s::bigint
