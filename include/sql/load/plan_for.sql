-- purpose: plans for a batch of this size: one pass over everything, or a look at each key
-- grain:   one row
-- params:  is_bulk boolean
-- reads:   nothing
-- writes:  the settings of this transaction
-- returns: nothing
SELECT
    set_config('work_mem', CASE WHEN %(is_bulk)s::boolean THEN '256MB' ELSE '64MB' END, true),
    set_config('enable_nestloop', CASE WHEN %(is_bulk)s::boolean THEN 'off' ELSE 'on' END, true)
