-- purpose: begin the list of products of which the lines say something else now
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.changed_products
-- returns: nothing
CREATE TEMPORARY TABLE changed_products (product_id text NOT NULL) ON COMMIT DROP
