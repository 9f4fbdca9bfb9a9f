-- purpose: lines of orders by series, category, size, discounted or not and new or not
-- grain:   one row per version of an order, time and those
-- params:  none
-- reads:   pg_temp.line_pieces, pg_temp.order_versions, record.words
-- writes:  pg_temp.line_rows
-- returns: nothing
-- The gate lets no amount in that an integer does not hold; the sum of several is cut off there.
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
        least(sum(pieces.quantity), 2147483647)::integer AS quantity,
        least(sum(pieces.net_minor), 2147483647)::integer AS net_minor,
        bool_and(pieces.is_from_start AND pieces.is_to_end) AS is_whole
    FROM pg_temp.line_pieces AS pieces
    LEFT JOIN record.words AS words ON pieces.size = words.word
    WHERE pieces.is_goods
    GROUP BY
        pieces.version_no, pieces.known_from, pieces.known_until, pieces.series_no, pieces.category_no,
        coalesce(words.word_no, pieces.size_no), pieces.is_discounted, pieces.is_new
),

numbered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY version_no, known_from, series_no ORDER BY category_no, size_no, is_discounted, is_new
        ) AS in_series,
        row_number() OVER (
            PARTITION BY version_no, known_from, category_no ORDER BY series_no, size_no, is_discounted, is_new
        ) AS in_category
    FROM sums
)

SELECT
    orders.customer_no,
    orders.paid_at,
    orders.order_key,
    orders.order_id,
    orders.day,
    numbered.series_no,
    numbered.category_no,
    numbered.size_no,
    numbered.quantity,
    numbered.net_minor,
    (numbered.in_series = 1)::integer::smallint AS series_orders,
    (numbered.in_category = 1)::integer::smallint AS category_orders,
    numbered.is_discounted,
    numbered.is_new,
    numbered.known_from,
    numbered.known_until,
    orders.is_only AND numbered.is_whole AS is_whole
FROM numbered
INNER JOIN pg_temp.order_versions AS orders ON numbered.version_no = orders.version_no
