-- purpose: goods lines of paid orders of every customer of a shop, as of an instant and by what was known then
-- grain:   one row per paid order, series, category, size, is_discounted and is_new
-- params:  shop_id text, as_of timestamptz, since timestamptz
-- reads:   record.paid_lines
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
FROM record.paid_lines
WHERE
    shop_id = %(shop_id)s::text
    AND paid_at <= %(as_of)s::timestamptz
    AND paid_at > %(since)s::timestamptz
    AND known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
