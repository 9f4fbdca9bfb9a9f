-- purpose: the versions of products with numbers for words
-- grain:   one row per version
-- params:  none
-- reads:   pg_temp.touched_products, record.words
-- writes:  pg_temp.good_pieces
-- returns: nothing
CREATE TEMPORARY TABLE good_pieces ON COMMIT DROP AS
SELECT
    versions.product_id,
    versions.listed_at,
    series.word_no AS series_no,
    categories.word_no AS category_no,
    sizes.word_no AS size_no,
    versions.known_from,
    versions.known_until,
    false AS is_whole
FROM pg_temp.touched_products AS versions
LEFT JOIN record.words AS series ON versions.series = series.word
LEFT JOIN record.words AS categories ON versions.category = categories.word
LEFT JOIN record.words AS sizes ON versions.size = sizes.word
