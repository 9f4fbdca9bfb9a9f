-- purpose: land quarantined rows again in a new batch
-- grain:   one row per quarantined row
-- params:  batch_id bigint, ids bigint[], relation relation
-- reads:   landing.quarantine
-- writes:  the landing table
-- returns: count
INSERT INTO __relation__
SELECT lines.* -- noqa: AM04
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS chosen (quarantine_id, line_no)
INNER JOIN landing.quarantine AS quarantined ON chosen.quarantine_id = quarantined.quarantine_id
CROSS JOIN LATERAL jsonb_populate_record(
    NULL::__relation__,
    quarantined.payload || jsonb_build_object(
        'batch_id', %(batch_id)s::bigint,
        'line_no', chosen.line_no
    )
) AS lines
