-- purpose: move the lines of a batch that break a row rule into quarantine, whole and with all their reasons
-- grain:   one row per failing line
-- params:  batch_id bigint, as_of timestamptz, as_of_day text, failing statement, rules statement, relation relation,
--          keys columns, version columns
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
        to_jsonb(lines) - 'batch_id' - 'line_no' AS payload
)

INSERT INTO landing.quarantine (shop_id, entity, batch_id, line_no, reasons, payload, as_of)
SELECT
    batches.shop_id,
    batches.entity,
    batches.batch_id,
    moved_lines.line_no,
    moved_lines.reasons,
    moved_lines.payload,
    %(as_of)s::timestamptz AS as_of
FROM moved_lines
INNER JOIN landing.batch AS batches ON batches.batch_id = %(batch_id)s::bigint
