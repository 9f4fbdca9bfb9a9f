-- purpose: the same for a shop of which a narrow fact was made anew as a whole
-- grain:   one row per customer and instant
-- params:  fact relation, shop_id text, as_of timestamptz
-- reads:   the narrow fact
-- writes:  record.coming
-- returns: count
INSERT INTO record.coming (shop_id, at, customer_no)
SELECT
    shop_id,
    known_from AS at,
    customer_no
FROM __fact__
WHERE
    shop_id = %(shop_id)s::text
    AND known_from > %(as_of)s::timestamptz
UNION
SELECT
    shop_id,
    known_until AS at,
    customer_no
FROM __fact__
WHERE
    shop_id = %(shop_id)s::text
    AND known_until > %(as_of)s::timestamptz
    AND known_until < 'infinity'
ON CONFLICT ON CONSTRAINT coming_pk DO NOTHING
