-- purpose: orders that were under way when we last heard of them, made before an instant
-- grain:   one row per order
-- params:  shop_id text, made_before timestamptz
-- reads:   facts.orders
-- writes:  nothing
-- returns: many
SELECT order_id
FROM facts.orders
WHERE
    shop_id = %(shop_id)s::text
    AND created_at < %(made_before)s::timestamptz
    AND finished_at IS NULL
    AND closed_at IS NULL
ORDER BY order_id
