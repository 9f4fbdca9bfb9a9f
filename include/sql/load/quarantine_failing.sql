-- purpose: move the lines of a batch that break a row rule into quarantine, whole and with all their reasons
-- grain:   one row per failing line
-- params:  batch_id bigint, as_of timestamptz, as_of_day text, failing statement, cells statement, rows statement,
--          relation relation, keys columns, version columns, columns_of_rules jsonb, rules jsonb,
--          shortest_limit integer, required columns, texts columns, measured each, typed each, amounts each
-- reads:   the landing table, landing.batch
-- writes:  landing.quarantine, the landing table
-- returns: count
WITH moved_lines AS (
    DELETE FROM __relation__ AS lines
    USING __failing__ AS failing_lines
    WHERE
        lines.batch_id = %(batch_id)s::bigint
        AND lines.line_no = failing_lines.line_no
    RETURNING
        lines.line_no,
        failing_lines.reasons,
        failing_lines.columns_by_reason,
        to_jsonb(lines) - 'batch_id' - 'line_no' AS payload
)

INSERT INTO landing.quarantine (shop_id, entity, batch_id, line_no, reasons, columns_by_reason, payload, as_of)
SELECT
    batches.shop_id,
    batches.entity,
    batches.batch_id,
    moved_lines.line_no,
    moved_lines.reasons,
    moved_lines.columns_by_reason,
    moved_lines.payload,
    %(as_of)s::timestamptz AS as_of
FROM moved_lines
INNER JOIN landing.batch AS batches ON batches.batch_id = %(batch_id)s::bigint
