-- purpose: where the numbers of a shop's customers are cut into four ranges; the last cut lies behind all
-- grain:   one row
-- params:  shop_id text
-- reads:   record.paid_orders
-- writes:  nothing
-- returns: one
WITH ends AS (
    SELECT
        coalesce(min(customer_no), 0) AS first_no,
        coalesce(max(customer_no), 0) + 1 AS behind
    FROM record.paid_orders
    WHERE shop_id = %(shop_id)s::text
)

SELECT
    ARRAY[
        first_no,
        first_no + (behind - first_no) / 4,
        first_no + (behind - first_no) / 2,
        first_no + (behind - first_no) * 3 / 4,
        behind
    ] AS cuts
FROM ends
