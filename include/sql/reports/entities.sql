-- purpose: what became of the rows that some runs landed, or loaded after an earlier run had landed them
-- grain:   one row per entity landed
-- params:  run_nos bigint[]
-- reads:   landing.batch
-- writes:  nothing
-- returns: many
SELECT
    batches.entity,
    sum(batches.landed)::bigint AS landed,
    sum(batches.loaded)::bigint AS loaded,
    sum(batches.unchanged)::bigint AS unchanged,
    sum(batches.superseded)::bigint AS superseded,
    sum(batches.quarantined)::bigint AS quarantined,
    sum(
        batches.landed - batches.loaded - batches.unchanged - batches.superseded - batches.quarantined
    )::bigint AS pending
FROM landing.batch AS batches
WHERE batches.run_no = any(%(run_nos)s::bigint[]) OR batches.loaded_run_no = any(%(run_nos)s::bigint[])
GROUP BY batches.entity
ORDER BY batches.entity
