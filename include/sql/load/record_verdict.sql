-- purpose: what the gate says of batches; a person's word stands
-- grain:   one row per pending batch
-- params:  batch_ids bigint[], verdict text
-- reads:   landing.batch
-- writes:  landing.batch
-- returns: count
UPDATE landing.batch
SET verdict = %(verdict)s::text, judged_by = 'gate'
WHERE
    batch_id = ANY(%(batch_ids)s::bigint[])
    AND state = 'pending'
    AND (verdict IS NULL OR verdict IN ('passed', 'failed'))
