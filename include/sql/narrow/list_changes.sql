-- purpose: begin the list of whom a collecting changes
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  pg_temp.changed_numbers
-- returns: nothing
CREATE TEMPORARY TABLE changed_numbers (customer_no bigint NOT NULL) ON COMMIT DROP
