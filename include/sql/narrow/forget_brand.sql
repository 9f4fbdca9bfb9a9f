-- purpose: make room for another list of a brand's people in one transaction
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.brand_people
-- returns: nothing
DROP TABLE IF EXISTS pg_temp.brand_people
