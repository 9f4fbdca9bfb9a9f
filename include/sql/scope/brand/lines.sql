-- purpose: goods lines of paid orders of the people of pg_temp.brand_people, all shops of a brand at once, as of an
--          instant and by what was known then
-- grain:   one row per paid order, series, category, size, is_discounted and is_new
-- params:  as_of timestamptz, since timestamptz
-- reads:   record.paid_lines, pg_temp.brand_people
-- writes:  nothing
-- returns: many
SELECT
    brand_people.person_no AS customer_no,
    paid_lines.paid_at,
    paid_lines.day,
    -- Two shops may give their orders the same ids.
    hashtextextended(paid_lines.shop_id, paid_lines.order_key) AS order_key,
    paid_lines.series_no,
    paid_lines.category_no,
    paid_lines.size_no,
    paid_lines.quantity,
    paid_lines.net_minor,
    paid_lines.is_discounted,
    paid_lines.is_new
FROM pg_temp.brand_people AS brand_people
INNER JOIN record.paid_lines AS paid_lines
    ON
        brand_people.shop_id = paid_lines.shop_id
        AND brand_people.customer_no = paid_lines.customer_no
WHERE
    paid_lines.paid_at <= %(as_of)s::timestamptz
    AND paid_lines.paid_at > %(since)s::timestamptz
    AND paid_lines.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND paid_lines.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
