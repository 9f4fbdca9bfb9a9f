-- purpose: what the templates of a parcel campaign see of each message
-- grain:   one row per message that covers an open parcel
-- params:  message_ids bigint[], at timestamptz
-- reads:   ledger.outbox, ledger.touch_cover, facts.shipments, facts.shipments_history, facts.tracking_events,
--          facts.orders, facts.orders_history, facts.refunds, facts.refunds_history, facts.order_lines,
--          facts.order_lines_history, record.logistics, contact.people
-- writes:  nothing
-- returns: many
-- Parcels are those the touch covers now, or covered when the message went (rendered again later, for a report).
-- expected_on is the last of all parcels', and nobody's if one of them is unknown; so is problem, if they differ.
WITH covered_parcels AS (
    SELECT
        messages.message_id,
        parcels.shop_id,
        parcels.shipment_id,
        parcels.order_id,
        parcels.carrier,
        standings.zone,
        standings.problem,
        standings.expected_on,
        row_number() OVER (
            PARTITION BY messages.message_id ORDER BY parcels.shipped_at, parcels.shipment_id
        ) AS place
    FROM ledger.outbox AS messages
    INNER JOIN ledger.touch_cover AS covers
        ON
            messages.touch_id = covers.touch_id
            AND covers.covered_as_of <= %(at)s::timestamptz
            AND (covers.released_as_of IS NULL OR covers.released_as_of > %(at)s::timestamptz)
    CROSS JOIN
        LATERAL facts.open_parcel_as_of(messages.shop_id, covers.covered_id, %(at)s::timestamptz) AS parcels
    CROSS JOIN
        LATERAL facts.parcel_standing(
            parcels, record.logistics_as_of(messages.shop_id, %(at)s::timestamptz), %(at)s::timestamptz
        ) AS standings
    WHERE messages.message_id = ANY(%(message_ids)s::bigint[])
),

totals AS (
    SELECT
        message_id,
        count(*) AS parcel_count,
        CASE
            WHEN count(DISTINCT coalesce(problem, '')) = 1 THEN min(problem) ELSE 'several'
        END AS problem,
        CASE WHEN bool_and(expected_on IS NOT NULL) THEN max(expected_on) END AS expected_on
    FROM covered_parcels
    GROUP BY message_id
)

SELECT
    messages.message_id,
    messages.shop_id,
    messages.customer_id,
    messages.campaign_id,
    messages.locale,
    people.display_name,
    totals.parcel_count,
    totals.expected_on,
    firsts.shipment_id AS first_shipment_id,
    firsts.order_id AS first_order_id,
    firsts.carrier,
    shipments.tracking_no,
    firsts.zone,
    totals.problem,
    titles.title AS item_title,
    'shipment' AS occasion_kind
FROM ledger.outbox AS messages
INNER JOIN totals ON messages.message_id = totals.message_id
INNER JOIN covered_parcels AS firsts
    ON
        messages.message_id = firsts.message_id
        AND firsts.place = 1
LEFT JOIN LATERAL (
    SELECT (array_agg(lines.title ORDER BY lines.net_minor DESC, lines.line_id ASC))[1] AS title
    FROM facts.lines_of_order_as_of(firsts.shop_id, firsts.order_id, %(at)s::timestamptz) AS lines
    WHERE lines.kind = 'goods'
) AS titles ON true
LEFT JOIN LATERAL (
    SELECT parcels.tracking_no
    FROM facts.shipments_as_of(firsts.shop_id, %(at)s::timestamptz) AS parcels
    WHERE parcels.shipment_id = firsts.shipment_id
    ORDER BY parcels.shipment_id
    OFFSET 0
) AS shipments ON true
LEFT JOIN contact.people AS people
    ON
        messages.shop_id = people.shop_id
        AND messages.customer_id = people.customer_id
WHERE messages.message_id = ANY(%(message_ids)s::bigint[])
ORDER BY messages.message_id
