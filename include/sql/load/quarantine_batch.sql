-- purpose: move every line of a rejected batch into quarantine
-- grain:   one row per line
-- params:  batch_id bigint, relation relation
-- reads:   the landing table, landing.batch
-- writes:  landing.quarantine, the landing table
-- returns: count
WITH moved_lines AS (
    DELETE FROM __relation__ AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
    RETURNING
        lines.line_no,
        to_jsonb(lines) - 'batch_id' - 'line_no' AS payload
)

INSERT INTO landing.quarantine (shop_id, entity, batch_id, line_no, reasons, payload, as_of)
SELECT
    batches.shop_id,
    batches.entity,
    batches.batch_id,
    moved_lines.line_no,
    '{batch_rejected}' AS reasons,
    moved_lines.payload,
    batches.as_of
FROM moved_lines
INNER JOIN landing.batch AS batches ON batches.batch_id = %(batch_id)s::bigint
