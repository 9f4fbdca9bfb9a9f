-- purpose: delete landing rows of batches that were loaded or rejected long ago
-- grain:   one row per landed line
-- params:  before timestamptz, relation relation
-- reads:   landing.batch, the landing table
-- writes:  the landing table
-- returns: count
DELETE FROM __relation__ AS lines
USING landing.batch AS batches
WHERE
    lines.batch_id = batches.batch_id
    AND batches.state <> 'pending'
    AND batches.landed_at < %(before)s::timestamptz
