-- purpose: customers of the shops of a brand with the person they are: the lowest number of their identity
-- grain:   one row per customer
-- params:  shop_ids text[]
-- reads:   facts.customers
-- writes:  pg_temp.brand_people
-- returns: nothing
CREATE TEMPORARY TABLE brand_people ON COMMIT DROP AS
SELECT
    shop_id,
    customer_no,
    min(customer_no) OVER (PARTITION BY identity) AS person_no
FROM facts.customers
WHERE
    shop_id = ANY(%(shop_ids)s::text[])
    AND NOT is_guest
