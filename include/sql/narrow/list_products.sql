-- purpose: every version of the products that came in, and before it the time when nobody knew them
-- grain:   one row per version
-- params:  shop_id text, batch_ids bigint[], is_all boolean
-- reads:   facts.products, facts.products_history
-- writes:  pg_temp.touched_products
-- returns: count
CREATE TEMPORARY TABLE touched_products ON COMMIT DROP AS
WITH touched AS (
    SELECT product_id
    FROM facts.products
    WHERE
        shop_id = %(shop_id)s::text
        AND (%(is_all)s::boolean OR batch_id = ANY(%(batch_ids)s::bigint[]))
),

versions AS (
    SELECT
        products.product_id,
        nullif(products.series, '') AS series,
        nullif(products.category, '') AS category,
        nullif(products.size, '') AS size,
        products.listed_at,
        products.known_at AS known_from,
        'infinity'::timestamptz AS known_until
    FROM touched
    INNER JOIN facts.products AS products ON touched.product_id = products.product_id
    WHERE products.shop_id = %(shop_id)s::text
    UNION ALL
    SELECT
        products.product_id,
        nullif(products.series, '') AS series,
        nullif(products.category, '') AS category,
        nullif(products.size, '') AS size,
        products.listed_at,
        products.known_from,
        products.known_until
    FROM touched
    INNER JOIN facts.products_history AS products ON touched.product_id = products.product_id
    WHERE products.shop_id = %(shop_id)s::text
)

SELECT
    product_id,
    series,
    category,
    size,
    listed_at,
    known_from,
    known_until
FROM versions
UNION ALL
SELECT
    product_id,
    NULL AS series,
    NULL AS category,
    NULL AS size,
    NULL AS listed_at,
    '-infinity' AS known_from,
    min(known_from) AS known_until
FROM versions
GROUP BY product_id
