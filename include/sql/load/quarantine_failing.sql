-- purpose: put the lines of a batch that break a row rule into quarantine, whole and with all their reasons
-- grain:   one row per failing line
-- params:  batch_id bigint, as_of timestamptz, as_of_day text, failing statement, rules statement, relation relation,
--          keys columns, version columns
-- reads:   the landing table, landing.batch
-- writes:  landing.quarantine
-- returns: count
INSERT INTO landing.quarantine (shop_id, entity, batch_id, line_no, reasons, payload, as_of)
SELECT
    batches.shop_id,
    batches.entity,
    lines.batch_id,
    lines.line_no,
    failing_lines.reasons,
    to_jsonb(lines) - 'batch_id' - 'line_no' AS payload,
    %(as_of)s::timestamptz AS as_of
FROM __failing__ AS failing_lines
INNER JOIN __relation__ AS lines ON failing_lines.line_no = lines.line_no
INNER JOIN landing.batch AS batches ON lines.batch_id = batches.batch_id
WHERE lines.batch_id = %(batch_id)s::bigint
ON CONFLICT (batch_id, line_no) DO NOTHING
