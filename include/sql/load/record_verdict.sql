-- purpose: what the gate says of batches; a person's word stands
-- grain:   one row per pending batch
-- params:  batch_ids bigint[], verdict text
-- reads:   landing.batch
-- writes:  landing.batch
-- returns: count
-- Locked in the order of their numbers: the gates of two runs that judge the same batches wait for each other, once.
WITH judged_batches AS MATERIALIZED (
    SELECT batch_id
    FROM landing.batch
    WHERE
        batch_id = ANY(%(batch_ids)s::bigint[])
        AND state = 'pending'
        AND (verdict IS NULL OR verdict IN ('passed', 'failed'))
    ORDER BY batch_id
    FOR UPDATE
)

UPDATE landing.batch AS batches
SET verdict = %(verdict)s::text, judged_by = 'gate'
FROM judged_batches
WHERE batches.batch_id = judged_batches.batch_id
