-- purpose: write what changed in what customers bought of each series; the same again writes nothing
-- grain:   one row per customer and series
-- params:  made relation
-- reads:   the made table
-- writes:  record.customer_series
-- returns: count
INSERT INTO record.customer_series AS customer_series (
    shop_id, customer_no, series, order_count, net_minor, last_paid_at
)
SELECT
    shop_id,
    customer_no,
    series,
    order_count,
    net_minor,
    last_paid_at
FROM __made__
ON CONFLICT ON CONSTRAINT customer_series_pk DO UPDATE
    SET
        order_count = excluded.order_count,
        net_minor = excluded.net_minor,
        last_paid_at = excluded.last_paid_at
    WHERE (customer_series.order_count, customer_series.net_minor, customer_series.last_paid_at)
    IS DISTINCT FROM (excluded.order_count, excluded.net_minor, excluded.last_paid_at)
