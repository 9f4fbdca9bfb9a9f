-- purpose: what one customer bought of each product series
-- grain:   one row per series
-- params:  series relation, shop_id text, customer_no bigint
-- reads:   the series bought
-- writes:  nothing
-- returns: many
SELECT
    series,
    order_count,
    net_minor,
    last_paid_at
FROM __series__
WHERE
    shop_id = %(shop_id)s::text
    AND customer_no = %(customer_no)s::bigint
ORDER BY net_minor DESC, series ASC
