-- purpose: paid price-difference links of the customers of pg_temp.changed_customers, as of an instant and by what was
--          known then
-- grain:   one row per such order
-- params:  shop_id text, as_of timestamptz, since timestamptz
-- reads:   record.price_differences, pg_temp.changed_customers
-- writes:  nothing
-- returns: many
SELECT
    price_differences.customer_no,
    price_differences.paid_at,
    price_differences.net_minor
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN record.price_differences AS price_differences
    ON changed_customers.customer_no = price_differences.customer_no
WHERE
    price_differences.shop_id = %(shop_id)s::text
    AND price_differences.paid_at <= %(as_of)s::timestamptz
    AND price_differences.paid_at > %(since)s::timestamptz
    AND price_differences.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND price_differences.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
