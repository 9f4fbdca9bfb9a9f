-- purpose: paid price-difference links of the people of pg_temp.brand_people, all shops of a brand at once, as of an
--          instant and by what was known then
-- grain:   one row per such order
-- params:  as_of timestamptz, since timestamptz
-- reads:   record.price_differences, pg_temp.brand_people
-- writes:  nothing
-- returns: many
SELECT
    brand_people.person_no AS customer_no,
    price_differences.paid_at,
    price_differences.net_minor
FROM pg_temp.brand_people AS brand_people
INNER JOIN record.price_differences AS price_differences
    ON
        brand_people.shop_id = price_differences.shop_id
        AND brand_people.customer_no = price_differences.customer_no
WHERE
    price_differences.paid_at <= %(as_of)s::timestamptz
    AND price_differences.paid_at > %(since)s::timestamptz
    AND price_differences.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND price_differences.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
