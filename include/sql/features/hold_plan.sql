-- purpose: for the pass over a whole shop at its head, until the transaction ends or free_plan: read the covering
--          indexes in customer order and aggregate as it comes, sort in memory, let every core take part
-- grain:   one row
-- params:  none
-- reads:   nothing
-- writes:  nothing
-- returns: one
SELECT
    set_config('work_mem', '128MB', true) AS work_mem,
    set_config('enable_hashagg', 'off', true) AS enable_hashagg,
    set_config('enable_seqscan', 'off', true) AS enable_seqscan,
    set_config('parallel_tuple_cost', '0.001', true) AS parallel_tuple_cost
