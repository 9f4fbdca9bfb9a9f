-- purpose: how many customers there are, and how many bought just once: one paid order, and paid orders on one day
-- grain:   one row
-- params:  features relation
-- reads:   the features
-- writes:  nothing
-- returns: one
SELECT
    count(*) AS customers,
    count(*) FILTER (WHERE order_count = 1) AS with_one_order,
    count(*) FILTER (WHERE purchase_days = 1) AS on_one_day
FROM __features__
