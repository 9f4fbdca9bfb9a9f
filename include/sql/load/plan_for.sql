-- purpose: plans for a batch of this size: one pass over everything by every core, or a look at each key
-- grain:   one row
-- params:  is_bulk boolean
-- reads:   nothing
-- writes:  the settings of this transaction
-- returns: nothing
SELECT
    settings.name,
    set_config(
        settings.name, CASE WHEN %(is_bulk)s::boolean THEN settings.for_bulk ELSE settings.for_few END, true
    ) AS setting
FROM (
    VALUES
    ('work_mem', '256MB', '64MB'),
    ('enable_nestloop', 'off', 'on'),
    -- Reading text costs far more than the planner thinks: it pays to share it.
    ('parallel_setup_cost', '0', '1000'),
    ('parallel_tuple_cost', '0', '0.1')
) AS settings (name, for_bulk, for_few)
