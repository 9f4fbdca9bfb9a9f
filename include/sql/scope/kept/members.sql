-- purpose: birthday and gender that scope/changed gave, kept while all that is made of them is made
-- grain:   one row per member, guests left out
-- params:  none
-- reads:   pg_temp.kept_members
-- writes:  nothing
-- returns: many
SELECT
    customer_no,
    birthday,
    gender
FROM pg_temp.kept_members
