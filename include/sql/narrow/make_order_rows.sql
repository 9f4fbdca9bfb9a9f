-- purpose: purchases with their pieces of goods: as the order says, else as its lines did by then
-- grain:   one row per version of an order, and time between two cuts of its lines
-- params:  none
-- reads:   pg_temp.order_versions, pg_temp.line_pieces, record.words
-- writes:  pg_temp.order_rows
-- returns: nothing
CREATE TEMPORARY TABLE order_rows ON COMMIT DROP AS
WITH counted AS (
    SELECT
        orders.version_no,
        pieces.known_from,
        pieces.known_until,
        sum(pieces.quantity)::double precision AS items
    FROM pg_temp.order_versions AS orders
    INNER JOIN pg_temp.line_pieces AS pieces ON orders.version_no = pieces.version_no
    WHERE orders.item_count IS NULL
    GROUP BY orders.version_no, pieces.known_from, pieces.known_until
)

SELECT
    orders.customer_no,
    orders.paid_at,
    orders.order_key,
    orders.order_id,
    orders.day,
    orders.net_minor,
    coalesce(orders.item_count, counted.items) AS items,
    orders.discount_minor,
    orders.coupon_minor,
    regions.word_no AS region_no,
    devices.word_no AS device_no,
    orders.hour,
    orders.month_day,
    coalesce(counted.known_from, orders.known_from) AS known_from,
    coalesce(counted.known_until, orders.known_until) AS known_until,
    orders.is_only
    AND coalesce(
        counted.known_from = orders.known_from AND counted.known_until = orders.known_until, true
    ) AS is_whole
FROM pg_temp.order_versions AS orders
LEFT JOIN counted ON orders.version_no = counted.version_no
LEFT JOIN record.words AS regions ON orders.region = regions.word
LEFT JOIN record.words AS devices ON orders.device = devices.word
WHERE orders.is_purchase
