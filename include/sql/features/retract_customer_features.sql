-- purpose: remove the features of changed customers who have no paid order left
-- grain:   one row per customer
-- params:  shop_id text, as_of timestamptz
-- reads:   record.paid_orders, pg_temp.changed_customers
-- writes:  record.customer_features
-- returns: count
DELETE FROM record.customer_features AS features
USING pg_temp.changed_customers AS changed_customers
WHERE
    features.shop_id = %(shop_id)s::text
    AND features.customer_no = changed_customers.customer_no
    AND NOT EXISTS (
        SELECT FROM record.paid_orders AS paid_orders
        WHERE
            paid_orders.shop_id = features.shop_id
            AND paid_orders.customer_no = features.customer_no
            AND paid_orders.paid_at <= %(as_of)s::timestamptz
    )
