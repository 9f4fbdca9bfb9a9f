-- purpose: paid orders that scope/changed gave, kept while all that is made of them is made
-- grain:   one row per paid order
-- params:  since timestamptz
-- reads:   pg_temp.kept_purchases
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
FROM pg_temp.kept_purchases
WHERE paid_at > %(since)s::timestamptz
