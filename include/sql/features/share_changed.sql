-- purpose: which share of the customers of a shop changed; 1 where none is stored yet
-- grain:   one row
-- params:  shop_id text
-- reads:   pg_temp.changed_customers, record.customer_features
-- writes:  nothing
-- returns: one
-- No more are counted than it takes to tell: five times as many as changed.
WITH changed AS (
    SELECT count(*) AS customers
    FROM pg_temp.changed_customers
),

looked_at AS (
    SELECT customer_no
    FROM record.customer_features
    WHERE shop_id = %(shop_id)s::text
    ORDER BY customer_no
    LIMIT 5 * (SELECT changed.customers FROM changed) + 1
),

stored AS (
    SELECT count(*) AS customers
    FROM looked_at
)

SELECT coalesce(changed.customers::float8 / nullif(stored.customers, 0), 1) AS share
FROM changed
CROSS JOIN stored
