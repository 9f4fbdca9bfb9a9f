-- purpose: find the person of a customer by number
-- grain:   none
-- params:  none
-- reads:   pg_temp.brand_people
-- writes:  pg_temp.brand_people
-- returns: nothing
CREATE UNIQUE INDEX brand_people_key ON pg_temp.brand_people (shop_id, customer_no) INCLUDE (person_no)
