-- purpose: cut the lines of uneven versions wherever one of them is cut; time without any line gets an empty piece
-- grain:   one row per line and time between two cuts
-- params:  none
-- reads:   pg_temp.uneven_versions, pg_temp.order_versions
-- writes:  pg_temp.line_pieces
-- returns: count
WITH gone AS (
    DELETE FROM pg_temp.line_pieces AS pieces
    USING pg_temp.uneven_versions AS uneven_versions
    WHERE pieces.version_no = uneven_versions.version_no
    RETURNING pieces.*
),

cuts AS (
    SELECT
        version_no,
        known_from AS cut_at
    FROM gone
    UNION
    SELECT
        version_no,
        known_until AS cut_at
    FROM gone
    UNION
    SELECT
        orders.version_no,
        unnest(ARRAY[orders.known_from, orders.known_until]) AS cut_at
    FROM pg_temp.uneven_versions AS uneven_versions
    INNER JOIN pg_temp.order_versions AS orders ON uneven_versions.version_no = orders.version_no
),

spans AS (
    SELECT
        version_no,
        cut_at AS known_from,
        lead(cut_at) OVER (PARTITION BY version_no ORDER BY cut_at) AS known_until
    FROM cuts
)

INSERT INTO pg_temp.line_pieces (
    version_no, series_no, category_no, size_no, size, quantity, net_minor, is_discounted, is_new, known_from,
    known_until, is_from_start, is_to_end, is_goods
)
SELECT
    spans.version_no,
    gone.series_no,
    gone.category_no,
    gone.size_no,
    gone.size,
    gone.quantity,
    gone.net_minor,
    gone.is_discounted,
    gone.is_new,
    spans.known_from,
    spans.known_until,
    false AS is_from_start,
    false AS is_to_end,
    gone.version_no IS NOT NULL AS is_goods
FROM spans
LEFT JOIN gone
    ON
        spans.version_no = gone.version_no
        AND spans.known_from >= gone.known_from
        AND spans.known_until <= gone.known_until
WHERE spans.known_until IS NOT NULL
