-- purpose: note whose versions begin or end later than this refresh: of history loaded ahead of the head
-- grain:   one row per customer and instant
-- params:  versions relation, shop_id text, as_of timestamptz
-- reads:   a list of versions
-- writes:  record.coming
-- returns: count
INSERT INTO record.coming (shop_id, at, customer_no)
SELECT
    %(shop_id)s::text AS shop_id,
    known_from AS at,
    customer_no
FROM __versions__
WHERE known_from > %(as_of)s::timestamptz
UNION
SELECT
    %(shop_id)s::text AS shop_id,
    known_until AS at,
    customer_no
FROM __versions__
WHERE
    known_until > %(as_of)s::timestamptz
    AND known_until < 'infinity'
ON CONFLICT ON CONSTRAINT coming_pk DO NOTHING
