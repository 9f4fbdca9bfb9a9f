-- purpose: orders that came in, whose lines or payments did, or of whose products the catalogue says something else
--          now; payments of declared history change what replaced versions of their orders say
-- grain:   one row per order
-- params:  shop_id text, batch_ids bigint[]
-- reads:   facts.orders, facts.order_lines, facts.payments, facts.order_lines_history, pg_temp.changed_products
-- writes:  pg_temp.touched_orders
-- returns: count
CREATE TEMPORARY TABLE touched_orders ON COMMIT DROP AS
SELECT
    order_id,
    record.order_key(order_id) AS order_key
FROM (
    SELECT order_id
    FROM facts.orders
    WHERE
        batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
    UNION
    SELECT order_id
    FROM facts.order_lines
    WHERE
        batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
    UNION
    SELECT order_id
    FROM facts.payments
    WHERE
        batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
    UNION
    SELECT lines.order_id
    FROM pg_temp.changed_products AS changed_products
    INNER JOIN facts.order_lines AS lines ON changed_products.product_id = lines.product_id
    WHERE lines.shop_id = %(shop_id)s::text
    UNION
    SELECT lines.order_id
    FROM pg_temp.changed_products AS changed_products
    INNER JOIN facts.order_lines_history AS lines ON changed_products.product_id = lines.product_id
    WHERE lines.shop_id = %(shop_id)s::text
) AS found
