-- purpose: store how many lines of a batch landed, and how many of them never got further than quarantine
-- grain:   one row per batch
-- params:  batch_id bigint, landed bigint
-- reads:   landing.quarantine
-- writes:  landing.batch
-- returns: count
UPDATE landing.batch
SET
    landed = %(landed)s::bigint,
    quarantined = (
        SELECT count(*)
        FROM landing.quarantine
        WHERE quarantine.batch_id = %(batch_id)s::bigint
    )
WHERE batch_id = %(batch_id)s::bigint
