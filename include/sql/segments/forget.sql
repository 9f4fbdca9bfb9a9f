-- purpose: drop the segments of an instant
-- grain:   none
-- params:  customers relation, labelled relation
-- reads:   nothing
-- writes:  the customers table, the labelled table
-- returns: nothing
DROP TABLE IF EXISTS __customers__, __labelled__
