-- purpose: remove what customers looked at have not bought of a series after all
-- grain:   one row per customer and series
-- params:  made relation, shop_id text
-- reads:   pg_temp.changed_customers, the made table
-- writes:  record.customer_series
-- returns: count
DELETE FROM record.customer_series AS customer_series
USING pg_temp.changed_customers AS changed_customers
WHERE
    customer_series.shop_id = %(shop_id)s::text
    AND customer_series.customer_no = changed_customers.customer_no
    AND NOT EXISTS (
        SELECT FROM __made__ AS made
        WHERE
            made.customer_no = customer_series.customer_no
            AND made.series = customer_series.series
    )
