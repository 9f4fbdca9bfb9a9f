-- purpose: carrier scans no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.tracking_event
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.unknown_state
FROM (
    SELECT
        lines.line_no,
        (
            lines.state IS NULL
            OR lines.state NOT IN (
                'label_created', 'picked_up', 'in_transit', 'arrived_city', 'customs', 'out_for_delivery',
                'ready_for_pickup', 'delivered', 'attempt_failed', 'refused', 'delayed', 'returning', 'returned',
                'exception', 'lost', 'cancelled', 'other'
            )
        ) AS unknown_state
    FROM landing.tracking_event AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.unknown_state
