-- purpose: for a pass over many facts, until the transaction ends or free_plan: hash and sort in memory (with 4 MB, and
--          customers estimated too few, an aggregate that spills has run for ten minutes)
-- grain:   one row
-- params:  none
-- reads:   nothing
-- writes:  nothing
-- returns: one
SELECT set_config('work_mem', '128MB', true) AS work_mem
