-- purpose: remove the tags that customers looked at no longer have
-- grain:   one row per tag of a customer
-- params:  made relation, shop_id text
-- reads:   pg_temp.changed_customers, the made table
-- writes:  record.customer_tags
-- returns: count
DELETE FROM record.customer_tags AS stored
USING pg_temp.changed_customers AS changed_customers
WHERE
    stored.shop_id = %(shop_id)s::text
    AND stored.customer_no = changed_customers.customer_no
    AND NOT EXISTS (
        SELECT FROM __made__ AS made
        WHERE
            made.customer_no = stored.customer_no
            AND made.tag = stored.tag
    )
