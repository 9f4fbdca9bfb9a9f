-- purpose: goods lines of paid orders that scope/changed gave, kept while all that is made of them is made
-- grain:   one row per paid order, series, category, size, is_discounted and is_new
-- params:  since timestamptz
-- reads:   pg_temp.kept_lines
-- writes:  nothing
-- returns: many
SELECT
    customer_no,
    paid_at,
    day,
    order_key,
    series_no,
    category_no,
    size_no,
    quantity,
    net_minor,
    is_discounted,
    is_new
FROM pg_temp.kept_lines
WHERE paid_at > %(since)s::timestamptz
