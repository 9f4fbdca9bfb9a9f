-- purpose: a person's word on a pending batch
-- grain:   one row per batch
-- params:  batch_id bigint, verdict text, who text, note text
-- reads:   landing.batch
-- writes:  landing.batch
-- returns: count
UPDATE landing.batch
SET
    verdict = %(verdict)s::text,
    judged_by = %(who)s::text,
    verdict_note = %(note)s::text
WHERE batch_id = %(batch_id)s::bigint AND state = 'pending'
