-- purpose: for the pass over a whole shop at its head, until the transaction ends or free_plan: read the covering
--          indexes in customer order and aggregate as it comes, sort in memory, never look customer by customer; a
--          core each for what stands side by side, as tags do, since to share one scan costs more than it saves,
--          and no core to a part of one, which the others would have to wait for
-- grain:   one row
-- params:  none
-- reads:   nothing
-- writes:  nothing
-- returns: one
SELECT
    set_config('work_mem', '128MB', true) AS work_mem,
    set_config('enable_hashagg', 'off', true) AS enable_hashagg,
    set_config('enable_seqscan', 'off', true) AS enable_seqscan,
    set_config('enable_nestloop', 'off', true) AS enable_nestloop,
    set_config('parallel_tuple_cost', '0.001', true) AS parallel_tuple_cost,
    set_config('parallel_setup_cost', '100000', true) AS parallel_setup_cost,
    set_config('min_parallel_table_scan_size', '4TB', true) AS min_parallel_table_scan_size,
    set_config('min_parallel_index_scan_size', '4TB', true) AS min_parallel_index_scan_size
