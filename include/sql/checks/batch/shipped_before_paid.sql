-- purpose: parcels handed over before their order was paid: told of, never refused, for some shops dispatch on trust
-- grain:   one row per such line
-- params:  batch_id bigint
-- reads:   landing.shipment, landing."order", landing.batch, facts.orders
-- writes:  nothing
-- returns: many
WITH parcels AS (
    -- All lines, not those of {batch}, which Great Expectations wants to see named: an unreadable one gives NULL.
    SELECT
        batches.shop_id,
        lines.line_no,
        lines.order_id,
        CASE WHEN landing.is_instant(lines.shipped_at) THEN lines.shipped_at::timestamptz END AS shipped_at
    FROM landing.shipment AS lines
    INNER JOIN landing.batch AS batches ON lines.batch_id = batches.batch_id
    WHERE lines.batch_id = %(batch_id)s::bigint
)

SELECT parcels.line_no
FROM parcels
INNER JOIN facts.orders AS orders ON parcels.shop_id = orders.shop_id AND parcels.order_id = orders.order_id
WHERE parcels.shipped_at < orders.paid_at AND orders.kind <> 'cash_on_delivery'
UNION
-- Orders that came with them are judged with them, and loaded after.
SELECT parcels.line_no
FROM parcels
INNER JOIN landing.batch AS order_batches
    ON parcels.shop_id = order_batches.shop_id AND order_batches.entity = 'order' AND order_batches.state = 'pending'
INNER JOIN landing."order" AS orders
    ON order_batches.batch_id = orders.batch_id AND parcels.order_id = orders.order_id
WHERE
    CASE WHEN landing.is_instant(orders.paid_at) THEN orders.paid_at::timestamptz END > parcels.shipped_at
    AND orders.kind IS DISTINCT FROM 'cash_on_delivery'
