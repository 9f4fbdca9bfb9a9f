-- purpose: give the planner back what hold_plan took
-- grain:   one row per setting
-- params:  none
-- reads:   nothing
-- writes:  nothing
-- returns: many
SELECT set_config(name, reset_val || coalesce(unit, ''), true) AS now_set
FROM pg_settings
WHERE
    name IN (
        'work_mem', 'enable_hashagg', 'enable_seqscan', 'enable_nestloop', 'parallel_tuple_cost', 'parallel_setup_cost',
        'min_parallel_table_scan_size', 'min_parallel_index_scan_size'
    )
