-- purpose: drop the customers of an instant
-- grain:   none
-- params:  customers relation
-- reads:   nothing
-- writes:  the customers table
-- returns: nothing
DROP TABLE __customers__
