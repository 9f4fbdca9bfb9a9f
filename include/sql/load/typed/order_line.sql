-- purpose: order lines of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean
-- reads:   landing.order_line, facts.orders
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.order_id,
    good_lines.line_id,
    good_lines.product_id,
    good_lines.sku_id,
    good_lines.title,
    trim_scale(good_lines.quantity::numeric) AS quantity,
    facts.minor_units(good_lines.price, good_lines.currency) AS price_minor,
    facts.minor_units(good_lines.net, good_lines.currency) AS net_minor,
    good_lines.currency::char(3) AS currency,
    coalesce(good_lines.kind, 'goods') AS kind,
    good_lines.size,
    coalesce(good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz) AS modified_at,
    good_lines.modified_at IS NOT NULL AS has_version,
    -- A line has no time but its order's.
    CASE
        WHEN %(is_history)s::boolean THEN coalesce(orders.created_at, %(snapshot_at)s::timestamptz)
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing.order_line AS good_lines
LEFT JOIN facts.orders AS orders
    ON
        %(is_history)s::boolean
        AND orders.shop_id = %(shop_id)s::text
        AND good_lines.order_id = orders.order_id
WHERE good_lines.batch_id = %(batch_id)s::bigint
