-- purpose: questions and complaints of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean
-- reads:   landing.inquiry, facts.customers, facts.merged_customers, facts.orders
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.inquiry_id,
    coalesce(customers.customer_no, orders.customer_no) AS customer_no,
    good_lines.order_id,
    coalesce(good_lines.kind, 'inquiry') AS kind,
    good_lines.scenario,
    good_lines.happened_at::timestamptz AS happened_at,
    coalesce(good_lines.modified_at::timestamptz, good_lines.happened_at::timestamptz) AS modified_at,
    true AS has_version,
    CASE
        WHEN %(is_history)s::boolean THEN good_lines.happened_at::timestamptz
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing.inquiry AS good_lines
LEFT JOIN facts.buyers AS customers
    ON customers.shop_id = %(shop_id)s::text AND good_lines.customer_id = customers.customer_id
LEFT JOIN facts.orders AS orders
    ON orders.shop_id = %(shop_id)s::text AND good_lines.order_id = orders.order_id
WHERE good_lines.batch_id = %(batch_id)s::bigint
