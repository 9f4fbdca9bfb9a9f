-- purpose: close a loaded batch with its counts; whatever was neither loaded nor superseded nor refused is unchanged
-- grain:   one row
-- params:  batch_id bigint, as_of timestamptz, run_no bigint, loaded bigint, superseded bigint
-- reads:   landing.quarantine
-- writes:  landing.batch
-- returns: one
UPDATE landing.batch AS batches
SET
    state = 'loaded',
    known_at = %(as_of)s::timestamptz,
    loaded_run_no = %(run_no)s::bigint,
    loaded = %(loaded)s::bigint,
    superseded = %(superseded)s::bigint,
    quarantined = refused.lines,
    unchanged = batches.landed - refused.lines - %(loaded)s::bigint - %(superseded)s::bigint
FROM (
    SELECT count(*) AS lines
    FROM landing.quarantine
    WHERE quarantine.batch_id = %(batch_id)s::bigint
) AS refused
WHERE batches.batch_id = %(batch_id)s::bigint
RETURNING
    batches.landed,
    batches.loaded,
    batches.unchanged,
    batches.superseded,
    batches.quarantined
