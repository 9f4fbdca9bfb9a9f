-- purpose: how many customers of a shop had not paid an order by an instant, guests left out
-- grain:   one row
-- params:  features relation, shop_id text, as_of timestamptz
-- reads:   the features, facts.customers
-- writes:  nothing
-- returns: one
SELECT count(*) AS customers
FROM facts.customers AS known
WHERE
    known.shop_id = %(shop_id)s::text
    AND known.known_at <= %(as_of)s::timestamptz
    AND NOT known.is_guest
    AND NOT EXISTS (
        SELECT FROM __features__ AS paying
        WHERE paying.customer_no = known.customer_no
    )
