-- purpose: goods lines of purchases, cut where the line, its order or its product became known otherwise
-- grain:   one row per line, version of its order, of itself and of its product
-- params:  shop_id text
-- reads:   pg_temp.order_versions, facts.order_lines, facts.order_lines_history, record.goods
-- writes:  pg_temp.line_pieces
-- returns: nothing
CREATE TEMPORARY TABLE line_pieces ON COMMIT DROP AS
WITH versions AS (
    SELECT
        orders.version_no,
        orders.paid_at,
        orders.known_from AS order_from,
        orders.known_until AS order_until,
        lines.product_id,
        lines.size,
        lines.quantity,
        lines.net_minor,
        lines.price_minor,
        greatest(orders.known_from, lines.known_at) AS known_from,
        orders.known_until
    FROM pg_temp.order_versions AS orders
    INNER JOIN facts.order_lines AS lines
        ON
            orders.order_id = lines.order_id
            AND orders.known_until > lines.known_at
    WHERE
        orders.is_purchase
        AND lines.shop_id = %(shop_id)s::text
        AND lines.kind = 'goods'
    UNION ALL
    SELECT
        orders.version_no,
        orders.paid_at,
        orders.known_from AS order_from,
        orders.known_until AS order_until,
        lines.product_id,
        lines.size,
        lines.quantity,
        lines.net_minor,
        lines.price_minor,
        greatest(orders.known_from, lines.known_from) AS known_from,
        least(orders.known_until, lines.known_until) AS known_until
    FROM pg_temp.order_versions AS orders
    INNER JOIN facts.order_lines_history AS lines
        ON
            orders.order_id = lines.order_id
            AND orders.known_until > lines.known_from
            AND orders.known_from < lines.known_until
    WHERE
        orders.is_purchase
        AND lines.shop_id = %(shop_id)s::text
        AND lines.kind = 'goods'
)

SELECT
    versions.version_no,
    goods.series_no,
    goods.category_no,
    goods.size_no,
    nullif(versions.size, '') AS size,
    versions.quantity,
    versions.net_minor,
    versions.net_minor < versions.price_minor * versions.quantity AS is_discounted,
    -- Bought before it was listed, it was listed another time before.
    CASE
        WHEN versions.paid_at >= goods.listed_at THEN versions.paid_at < goods.listed_at + interval '720 hours'
    END AS is_new,
    greatest(versions.known_from, goods.known_from) AS known_from,
    least(versions.known_until, goods.known_until) AS known_until,
    greatest(versions.known_from, goods.known_from) = versions.order_from AS is_from_start,
    least(versions.known_until, goods.known_until) = versions.order_until AS is_to_end,
    true AS is_goods
FROM versions
LEFT JOIN record.goods AS goods
    ON
        versions.product_id = goods.product_id
        AND goods.shop_id = %(shop_id)s::text
        AND versions.known_until > goods.known_from
        AND versions.known_from < goods.known_until
