-- purpose: visits of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean
-- reads:   landing.visit, facts.customers, facts.merged_customers
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.visit_id,
    customers.customer_no,
    good_lines.happened_at::timestamptz AS happened_at,
    round(good_lines.seconds::numeric)::integer AS seconds,
    good_lines.pages::integer AS pages,
    good_lines.device,
    coalesce(good_lines.modified_at::timestamptz, good_lines.happened_at::timestamptz) AS modified_at,
    true AS has_version,
    CASE
        WHEN %(is_history)s::boolean THEN good_lines.happened_at::timestamptz
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing.visit AS good_lines
INNER JOIN facts.buyers AS customers
    ON customers.shop_id = %(shop_id)s::text AND good_lines.customer_id = customers.customer_id
WHERE good_lines.batch_id = %(batch_id)s::bigint
