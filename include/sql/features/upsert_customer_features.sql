-- purpose: recompute the features of the changed customers from all their paid orders (not by adding: a correction or a
--          replay must come out the same); unchanged ones are not written
-- grain:   one row per customer with a paid order
-- params:  shop_id text, as_of timestamptz
-- reads:   record.paid_orders, pg_temp.changed_customers
-- writes:  record.customer_features
-- returns: count
INSERT INTO record.customer_features AS features (
    shop_id, customer_no, first_paid_at, last_paid_at, order_count, paid_minor, computed_as_of
)
SELECT
    %(shop_id)s::text AS shop_id,
    paid_orders.customer_no,
    min(paid_orders.paid_at) AS first_paid_at,
    max(paid_orders.paid_at) AS last_paid_at,
    count(*) AS order_count,
    sum(paid_orders.net_minor) AS paid_minor,
    %(as_of)s::timestamptz AS computed_as_of
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN record.paid_orders AS paid_orders ON changed_customers.customer_no = paid_orders.customer_no
WHERE paid_orders.paid_at <= %(as_of)s::timestamptz
GROUP BY paid_orders.customer_no
ON CONFLICT ON CONSTRAINT customer_features_pk DO UPDATE
    SET
        first_paid_at = excluded.first_paid_at,
        last_paid_at = excluded.last_paid_at,
        order_count = excluded.order_count,
        paid_minor = excluded.paid_minor,
        computed_as_of = excluded.computed_as_of
    WHERE (features.first_paid_at, features.last_paid_at, features.order_count, features.paid_minor)
    IS DISTINCT FROM (excluded.first_paid_at, excluded.last_paid_at, excluded.order_count, excluded.paid_minor)
