-- purpose: note the series of the products of these batches, as the record is computed with; the same again writes
--          nothing
-- grain:   one row per product with a series
-- params:  shop_id text, batch_ids bigint[]
-- reads:   facts.products
-- writes:  record.product_series
-- returns: count
INSERT INTO record.product_series AS known (shop_id, product_id, series)
SELECT
    products.shop_id,
    products.product_id,
    products.series
FROM facts.products AS products
WHERE
    products.batch_id = ANY(%(batch_ids)s::bigint[])
    AND products.shop_id = %(shop_id)s::text
    AND products.series <> ''
ON CONFLICT ON CONSTRAINT product_series_pk DO UPDATE
    SET series = excluded.series
    WHERE known.series <> excluded.series
