-- purpose: of the changed parcels, those open at an instant, and those that open later by what is known already
-- grain:   one row per parcel
-- params:  shop_id text, as_of timestamptz
-- reads:   facts.shipments, facts.shipments_history, facts.tracking_events, facts.orders, facts.orders_history,
--          facts.refunds, facts.refunds_history, facts.customers, pg_temp.changed_parcels
-- writes:  pg_temp.found_parcels
-- returns: nothing
-- Ends are looked for over all parcels at once before any is looked at by itself: of a history load nearly all have
-- one.
CREATE TEMPORARY TABLE found_parcels ON COMMIT DROP AS
WITH perhaps_open AS MATERIALIZED (
    SELECT changed_parcels.shipment_id
    FROM pg_temp.changed_parcels
    WHERE NOT EXISTS (
        SELECT FROM facts.tracking_events AS ends
        WHERE
            ends.shop_id = %(shop_id)s::text
            AND ends.shipment_id = changed_parcels.shipment_id
            AND ends.state IN ('delivered', 'returned', 'cancelled')
            AND ends.happened_at <= %(as_of)s::timestamptz
            AND ends.known_at <= %(as_of)s::timestamptz
    )
),

open_parcels AS MATERIALIZED (
    SELECT parcels.*
    FROM perhaps_open
    CROSS JOIN
        LATERAL facts.open_parcel_as_of(
            %(shop_id)s::text, perhaps_open.shipment_id, %(as_of)s::timestamptz
        ) AS parcels
    WHERE parcels.shipped_at > %(as_of)s::timestamptz - record.parcel_horizon()
),

coming_parcels AS (
    SELECT
        parcels.*,
        customers.customer_no,
        customers.customer_id,
        customers.identity,
        greatest(parcels.shipped_at, parcels.known_at, orders.created_at, orders.known_at) AS opens_at
    FROM pg_temp.changed_parcels
    INNER JOIN facts.shipments AS parcels
        ON
            changed_parcels.shipment_id = parcels.shipment_id
            AND parcels.shop_id = %(shop_id)s::text
    INNER JOIN facts.orders AS orders
        ON
            parcels.shop_id = orders.shop_id
            AND parcels.order_id = orders.order_id
    INNER JOIN facts.customers AS customers ON orders.customer_no = customers.customer_no
)

SELECT
    parcels.shop_id,
    parcels.shipment_id,
    parcels.order_id,
    parcels.customer_no,
    parcels.customer_id,
    parcels.identity,
    parcels.carrier,
    parcels.region,
    parcels.shipped_at,
    parcels.promised_at,
    parcels.first_scan_at,
    parcels.moved_at,
    parcels.moved_state,
    parcels.problem_at,
    parcels.problem_state,
    parcels.problem_known_at,
    parcels.turned_back_at,
    parcels.turned_back_known_at,
    parcels.turned_back_state,
    parcels.has_refund_asked,
    parcels.is_open,
    facts.next_of_parcel(parcels.shop_id, parcels.shipment_id, parcels.order_id, %(as_of)s::timestamptz) AS next_at
FROM open_parcels AS parcels
UNION ALL
SELECT
    parcels.shop_id,
    parcels.shipment_id,
    parcels.order_id,
    parcels.customer_no,
    parcels.customer_id,
    parcels.identity,
    parcels.carrier,
    parcels.region,
    parcels.shipped_at,
    parcels.promised_at,
    NULL AS first_scan_at,
    NULL AS moved_at,
    NULL AS moved_state,
    NULL AS problem_at,
    NULL AS problem_state,
    NULL AS problem_known_at,
    NULL AS turned_back_at,
    NULL AS turned_back_known_at,
    NULL AS turned_back_state,
    false AS has_refund_asked,
    false AS is_open,
    parcels.opens_at AS next_at
FROM coming_parcels AS parcels
WHERE
    parcels.opens_at > %(as_of)s::timestamptz
    AND parcels.shipment_id NOT IN (SELECT open_parcels.shipment_id FROM open_parcels)
