-- purpose: add the carrier scans of a batch that are not known yet
-- grain:   one row per new scan
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean
-- reads:   landing.tracking_event
-- writes:  facts.tracking_events
-- returns: count
INSERT INTO facts.tracking_events AS scans (
    shop_id, shipment_id, event_key, happened_at, state, place, description, known_at, batch_id
)
SELECT
    %(shop_id)s::text AS shop_id,
    typed_lines.shipment_id,
    md5(concat_ws(
        '|',
        extract(EPOCH FROM typed_lines.happened_at),
        typed_lines.state,
        coalesce(typed_lines.place, ''),
        coalesce(typed_lines.description, '')
    )) AS event_key,
    typed_lines.happened_at,
    typed_lines.state,
    typed_lines.place,
    typed_lines.description,
    CASE
        WHEN %(is_history)s::boolean THEN typed_lines.happened_at ELSE %(as_of)s::timestamptz
    END AS known_at,
    %(batch_id)s::bigint AS batch_id
FROM (
    SELECT
        good_lines.shipment_id,
        good_lines.happened_at::timestamptz AS happened_at,
        good_lines.state,
        good_lines.place,
        good_lines.description
    FROM landing.tracking_event AS good_lines
    WHERE good_lines.batch_id = %(batch_id)s::bigint
) AS typed_lines
ON CONFLICT (shop_id, shipment_id, event_key) DO NOTHING
