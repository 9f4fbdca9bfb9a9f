-- purpose: make room for the lists of a second refresh of parcels in one transaction
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.changed_parcels, pg_temp.found_parcels
-- returns: nothing
DROP TABLE IF EXISTS pg_temp.changed_parcels, pg_temp.found_parcels
