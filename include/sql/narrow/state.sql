-- purpose: how the narrow facts of a shop stand: made in which zone, by which statements and first norms
-- grain:   one row
-- params:  shop_id text
-- reads:   record.heads, record.logistics, record.paid_orders, record.price_differences, record.refunds,
--          record.events, record.goods
-- writes:  nothing
-- returns: one
SELECT
    heads.narrow_zone AS zone,
    heads.narrow_made_from AS made_from,
    heads.narrow_norms AS norms,
    (
        SELECT logistics.digest
        FROM record.logistics AS logistics
        WHERE logistics.shop_id = %(shop_id)s::text
        ORDER BY logistics.kept_as_of
        LIMIT 1
    ) AS first_norms,
    (
        EXISTS (
            SELECT FROM record.paid_orders AS paid_orders
            WHERE paid_orders.shop_id = %(shop_id)s::text
        )
        OR EXISTS (
            SELECT FROM record.price_differences AS price_differences
            WHERE price_differences.shop_id = %(shop_id)s::text
        )
        OR EXISTS (
            SELECT FROM record.refunds AS refunds
            WHERE refunds.shop_id = %(shop_id)s::text
        )
        OR EXISTS (
            SELECT FROM record.events AS events
            WHERE events.shop_id = %(shop_id)s::text
        )
        OR EXISTS (
            SELECT FROM record.goods AS goods
            WHERE goods.shop_id = %(shop_id)s::text
        )
    ) AS is_filled
FROM (VALUES (%(shop_id)s::text)) AS shops (shop_id)
LEFT JOIN record.heads AS heads ON shops.shop_id = heads.shop_id
