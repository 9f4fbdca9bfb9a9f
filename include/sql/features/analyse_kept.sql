-- purpose: tell the planner how many rows were kept, of how many customers; of the rest it need not know
-- grain:   none
-- params:  kept relation
-- reads:   the kept table
-- writes:  nothing
-- returns: nothing
ANALYZE __kept__ (customer_no)
