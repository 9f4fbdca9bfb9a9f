-- purpose: find what a customer bought of a series in a scratch table
-- grain:   none
-- params:  scratch relation, scratch_key columns
-- reads:   the scratch table
-- writes:  the scratch table
-- returns: nothing
CREATE UNIQUE INDEX IF NOT EXISTS __scratch_key__ ON __scratch__ (shop_id, customer_no, series)
