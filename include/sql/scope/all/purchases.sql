-- purpose: paid orders of every customer of a shop, as of an instant and by what was known then
-- grain:   one row per paid order
-- params:  shop_id text, as_of timestamptz, since timestamptz
-- reads:   record.paid_orders
-- writes:  nothing
-- returns: many
SELECT
    customer_no,
    paid_at,
    day,
    hour,
    month_day,
    net_minor,
    items,
    discount_minor,
    coupon_minor,
    region_no,
    device_no,
    order_key
FROM record.paid_orders
WHERE
    shop_id = %(shop_id)s::text
    -- IS true keeps the index by time out: for a year back it read half of the heap at random, and sorted it.
    AND (paid_at <= %(as_of)s::timestamptz) IS true
    AND paid_at > %(since)s::timestamptz
    AND known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
