-- purpose: remove the features of customers looked at who have no paid order any more
-- grain:   one row per customer
-- params:  made relation, shop_id text
-- reads:   pg_temp.changed_customers, the made table
-- writes:  record.customer_features
-- returns: count
DELETE FROM record.customer_features AS features
USING pg_temp.changed_customers AS changed_customers
WHERE
    features.shop_id = %(shop_id)s::text
    AND features.customer_no = changed_customers.customer_no
    AND NOT EXISTS (
        SELECT FROM __made__ AS made
        WHERE made.customer_no = features.customer_no
    )
