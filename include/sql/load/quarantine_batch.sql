-- purpose: put every line of a rejected batch into quarantine
-- grain:   one row per line
-- params:  batch_id bigint, relation relation
-- reads:   the landing table, landing.batch
-- writes:  landing.quarantine
-- returns: count
INSERT INTO landing.quarantine (shop_id, entity, batch_id, line_no, reasons, payload, as_of)
SELECT
    batches.shop_id,
    batches.entity,
    lines.batch_id,
    lines.line_no,
    '{batch_rejected}' AS reasons,
    to_jsonb(lines) - 'batch_id' - 'line_no' AS payload,
    batches.as_of
FROM __relation__ AS lines
INNER JOIN landing.batch AS batches ON lines.batch_id = batches.batch_id
WHERE lines.batch_id = %(batch_id)s::bigint
ON CONFLICT (batch_id, line_no) DO NOTHING
