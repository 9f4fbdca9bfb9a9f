-- purpose: lines of orders by series, category, size, discounted or not and new or not
-- grain:   one row per version of an order, time and those
-- params:  none
-- reads:   pg_temp.line_pieces, pg_temp.order_versions, record.words
-- writes:  pg_temp.line_rows
-- returns: nothing
CREATE TEMPORARY TABLE line_rows ON COMMIT DROP AS
WITH sums AS (
    SELECT
        pieces.version_no,
        pieces.known_from,
        pieces.known_until,
        pieces.series_no,
        pieces.category_no,
        coalesce(words.word_no, pieces.size_no) AS size_no,
        pieces.is_discounted,
        pieces.is_new,
        sum(pieces.quantity)::double precision AS quantity,
        record.sum_minor(pieces.net_minor) AS net_minor,
        bool_and(pieces.is_from_start AND pieces.is_to_end) AS is_whole
    FROM pg_temp.line_pieces AS pieces
    LEFT JOIN record.words AS words ON pieces.size = words.word
    WHERE pieces.is_goods
    GROUP BY
        pieces.version_no, pieces.known_from, pieces.known_until, pieces.series_no, pieces.category_no,
        coalesce(words.word_no, pieces.size_no), pieces.is_discounted, pieces.is_new
)

SELECT
    orders.customer_no,
    orders.paid_at,
    orders.order_key,
    orders.order_id,
    orders.day,
    sums.series_no,
    sums.category_no,
    sums.size_no,
    sums.quantity,
    sums.net_minor,
    sums.is_discounted,
    sums.is_new,
    sums.known_from,
    sums.known_until,
    orders.is_only AND sums.is_whole AS is_whole
FROM sums
INNER JOIN pg_temp.order_versions AS orders ON sums.version_no = orders.version_no
