-- purpose: paid price-difference links
-- grain:   one row per version of such an order
-- params:  none
-- reads:   pg_temp.order_versions
-- writes:  pg_temp.price_difference_rows
-- returns: nothing
CREATE TEMPORARY TABLE price_difference_rows ON COMMIT DROP AS
SELECT
    customer_no,
    paid_at,
    order_key,
    order_id,
    net_minor,
    known_from,
    known_until,
    is_only AS is_whole
FROM pg_temp.order_versions
WHERE NOT is_purchase
