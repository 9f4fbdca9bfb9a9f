-- purpose: versions of parcels that may have been late, and those of their orders and refunds
-- grain:   one row per version
-- params:  shop_id text
-- reads:   pg_temp.perhaps_late, facts.shipments, facts.shipments_history, facts.orders, facts.orders_history
-- writes:  pg_temp.parcel_facts
-- returns: nothing
CREATE TEMPORARY TABLE parcel_facts ON COMMIT DROP AS
WITH parcels AS (
    SELECT
        parcels.shipment_id,
        parcels.order_id,
        parcels.carrier,
        parcels.region,
        parcels.shipped_at,
        parcels.promised_at,
        parcels.known_at AS known_from,
        'infinity'::timestamptz AS known_until
    FROM pg_temp.perhaps_late AS perhaps_late
    INNER JOIN facts.shipments AS parcels ON perhaps_late.shipment_id = parcels.shipment_id
    WHERE parcels.shop_id = %(shop_id)s::text
    UNION ALL
    SELECT
        parcels.shipment_id,
        parcels.order_id,
        parcels.carrier,
        parcels.region,
        parcels.shipped_at,
        parcels.promised_at,
        parcels.known_from,
        parcels.known_until
    FROM pg_temp.perhaps_late AS perhaps_late
    INNER JOIN facts.shipments_history AS parcels ON perhaps_late.shipment_id = parcels.shipment_id
    WHERE parcels.shop_id = %(shop_id)s::text
),

orders AS (
    SELECT
        parcels.*,
        found.customer_no,
        least(found.closed_at, found.finished_at) AS closed_at,
        found.known_at AS order_from,
        'infinity'::timestamptz AS order_until
    FROM parcels
    INNER JOIN facts.orders AS found ON parcels.order_id = found.order_id
    WHERE found.shop_id = %(shop_id)s::text
    UNION ALL
    SELECT
        parcels.*,
        found.customer_no,
        least(found.closed_at, found.finished_at) AS closed_at,
        found.known_from AS order_from,
        found.known_until AS order_until
    FROM parcels
    INNER JOIN facts.orders_history AS found ON parcels.order_id = found.order_id
    WHERE found.shop_id = %(shop_id)s::text
)

SELECT
    orders.shipment_id,
    orders.order_id,
    orders.carrier,
    orders.region,
    orders.shipped_at,
    orders.promised_at,
    orders.customer_no,
    orders.closed_at,
    greatest(orders.known_from, orders.order_from) AS known_from,
    least(orders.known_until, orders.order_until) AS known_until
FROM orders
INNER JOIN facts.customers AS customers ON orders.customer_no = customers.customer_no
WHERE
    orders.known_from < orders.order_until
    AND orders.known_until > orders.order_from
    AND NOT customers.is_guest
