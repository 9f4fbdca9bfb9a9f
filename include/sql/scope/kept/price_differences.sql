-- purpose: paid price-difference links that scope/changed gave, kept while all that is made of them is made
-- grain:   one row per such order
-- params:  since timestamptz
-- reads:   pg_temp.kept_price_differences
-- writes:  nothing
-- returns: many
SELECT
    customer_no,
    paid_at,
    net_minor
FROM pg_temp.kept_price_differences
WHERE paid_at > %(since)s::timestamptz
