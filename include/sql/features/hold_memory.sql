-- purpose: for the pass over all facts of a shop, until the transaction ends or free_plan: hash and sort in memory
-- grain:   one row
-- params:  none
-- reads:   nothing
-- writes:  nothing
-- returns: one
SELECT set_config('work_mem', '128MB', true) AS work_mem
