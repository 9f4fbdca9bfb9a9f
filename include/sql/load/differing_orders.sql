-- purpose: of orders as a platform lists them, those the facts do not have, or have an older version of
-- grain:   one row per order
-- params:  shop_id text, order_ids text[], modified timestamptz[]
-- reads:   facts.orders
-- writes:  nothing
-- returns: many
SELECT listed.order_id
FROM unnest(%(order_ids)s::text[], %(modified)s::timestamptz[]) AS listed (order_id, modified_at)
LEFT JOIN facts.orders AS orders
    ON
        orders.shop_id = %(shop_id)s::text
        AND listed.order_id = orders.order_id
WHERE orders.order_id IS NULL OR orders.modified_at < listed.modified_at
ORDER BY listed.order_id
