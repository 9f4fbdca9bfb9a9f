-- purpose: a batch in which no line has its key: a column is missing or misnamed
-- grain:   one row if it is so
-- params:  batch_id bigint, need_rows bigint
-- reads:   landing.batch, the failing lines
-- writes:  nothing
-- returns: many
SELECT batches.landed
FROM landing.batch AS batches
WHERE
    batches.batch_id = %(batch_id)s::bigint
    AND batches.landed - batches.quarantined >= %(need_rows)s::bigint
    AND batches.landed - batches.quarantined = (
        SELECT count(*)
        FROM {batch} AS failing_lines
        WHERE 'missing_key' = ANY(failing_lines.reasons)
    )
