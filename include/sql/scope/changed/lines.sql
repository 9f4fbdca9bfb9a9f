-- purpose: goods lines of paid orders of the customers of pg_temp.changed_customers, as of an instant and by what was
--          known then
-- grain:   one row per paid order, series, category, size, is_discounted and is_new
-- params:  shop_id text, as_of timestamptz, since timestamptz
-- reads:   record.paid_lines, pg_temp.changed_customers
-- writes:  nothing
-- returns: many
SELECT
    paid_lines.customer_no,
    paid_lines.paid_at,
    paid_lines.day,
    paid_lines.order_key,
    paid_lines.series_no,
    paid_lines.category_no,
    paid_lines.size_no,
    paid_lines.quantity,
    paid_lines.net_minor,
    paid_lines.is_discounted,
    paid_lines.is_new
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN record.paid_lines AS paid_lines ON changed_customers.customer_no = paid_lines.customer_no
WHERE
    paid_lines.shop_id = %(shop_id)s::text
    AND paid_lines.paid_at <= %(as_of)s::timestamptz
    AND paid_lines.paid_at > %(since)s::timestamptz
    AND paid_lines.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND paid_lines.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
