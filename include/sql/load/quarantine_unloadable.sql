-- purpose: quarantine a line that the database refuses by itself
-- grain:   one row
-- params:  batch_id bigint, line_no bigint, aside relation, columns_by_reason jsonb
-- reads:   the copy, landing.batch
-- writes:  landing.quarantine
-- returns: count
INSERT INTO landing.quarantine (shop_id, entity, batch_id, line_no, reasons, columns_by_reason, payload, as_of)
SELECT
    batches.shop_id,
    batches.entity,
    batches.batch_id,
    copied.line_no,
    '{unloadable}' AS reasons,
    %(columns_by_reason)s::jsonb AS columns_by_reason,
    to_jsonb(copied) - 'batch_id' - 'line_no' AS payload,
    batches.as_of
FROM __aside__ AS copied
INNER JOIN landing.batch AS batches ON batches.batch_id = %(batch_id)s::bigint
WHERE copied.line_no = %(line_no)s::bigint
