-- purpose: the customers of a shop that are known by these ids at an instant
-- grain:   one row per customer
-- params:  shop_id text, as_of timestamptz, customer_ids text[]
-- reads:   facts.customers
-- writes:  nothing
-- returns: many
SELECT
    customer_id,
    customer_no,
    is_guest
FROM facts.customers
WHERE
    shop_id = %(shop_id)s::text
    AND customer_id = ANY(%(customer_ids)s::text[])
    AND known_at <= %(as_of)s::timestamptz
