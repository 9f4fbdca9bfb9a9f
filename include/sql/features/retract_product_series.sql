-- purpose: forget the series of products that have none any more
-- grain:   one row per product
-- params:  shop_id text, batch_ids bigint[]
-- reads:   facts.products
-- writes:  record.product_series
-- returns: count
DELETE FROM record.product_series AS known
USING facts.products AS products
WHERE
    products.batch_id = ANY(%(batch_ids)s::bigint[])
    AND products.shop_id = %(shop_id)s::text
    AND nullif(products.series, '') IS NULL
    AND known.shop_id = products.shop_id
    AND known.product_id = products.product_id
