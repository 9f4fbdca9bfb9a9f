-- purpose: close a rejected batch: all its lines are in quarantine
-- grain:   one row per batch
-- params:  batch_id bigint
-- reads:   landing.quarantine
-- writes:  landing.batch
-- returns: count
UPDATE landing.batch
SET
    state = 'rejected',
    quarantined = (
        SELECT count(*)
        FROM landing.quarantine
        WHERE quarantine.batch_id = %(batch_id)s::bigint
    )
WHERE batch_id = %(batch_id)s::bigint
