-- purpose: the stored features of the customers whose segments are looked at again
-- grain:   one row per customer
-- params:  made relation, shop_id text
-- reads:   pg_temp.relabelled_customers, record.customer_features
-- writes:  the made table
-- returns: nothing
CREATE UNLOGGED TABLE __made__ AS
SELECT
    features.shop_id,
    features.customer_no,
    features.first_day,
    features.last_day,
    features.last_paid_at,
    features.purchase_days,
    features.order_count,
    features.net_minor
FROM pg_temp.relabelled_customers AS listed
INNER JOIN record.customer_features AS features ON listed.customer_no = features.customer_no
WHERE features.shop_id = %(shop_id)s::text
