-- purpose: remove the segments of customers looked at again who have no paid order any more
-- grain:   one row per customer
-- params:  made relation, shop_id text
-- reads:   pg_temp.relabelled_customers, the made table
-- writes:  record.customer_segments
-- returns: count
DELETE FROM record.customer_segments AS stored
USING pg_temp.relabelled_customers AS listed
WHERE
    stored.shop_id = %(shop_id)s::text
    AND stored.customer_no = listed.customer_no
    AND NOT EXISTS (
        SELECT FROM __made__ AS made
        WHERE made.customer_no = stored.customer_no
    )
