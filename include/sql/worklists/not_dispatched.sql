-- purpose: paid orders that should have left the house by now and have not: an alarm for the shop
-- grain:   one row per order
-- params:  shop_id text, as_of timestamptz, zone text, cut_off time, entities jsonb
-- reads:   facts.orders, facts.orders_history, facts.shipments, facts.shipments_history, facts.refunds,
--          facts.refunds_history, facts.customers
-- writes:  nothing
-- returns: many
-- When an order should have left, by the clock on the shop's wall:
--   paid before the cut-off hour: the same day, so the alarm comes at the midnight that ends it;
--   paid at the cut-off hour or after: the next day, so it comes at that day's cut-off hour;
--   never later than 24 hours after payment (days on which the clocks change), when the buyer gets an apology.
-- An order that moves (any shipment of it, whole or in part), is finished or closed, paid back, or asked back, is none.
-- Nor is one that is not sent by itself (a price difference) or not yet (pre-sale), or not paid (cash on delivery).
-- A shop whose file names no source of shipments cannot be judged: nothing is returned. Orders made more than 30 days
-- ago are out of sight: the window keeps the cost constant as orders pile up.
WITH paid_orders AS (
    SELECT
        orders.*,
        timezone(%(zone)s::text, orders.paid_at) AS paid_locally
    FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
    WHERE
        %(entities)s::jsonb @> '"shipment"'
        AND orders.created_at > %(as_of)s::timestamptz - interval '30 days'
        AND orders.paid_at IS NOT NULL
        AND orders.shipped_at IS NULL
        AND orders.finished_at IS NULL
        AND orders.closed_at IS NULL
        AND orders.kind = 'normal'
),

judged_orders AS (
    SELECT
        paid_orders.*,
        CASE
            WHEN paid_orders.paid_locally::time < %(cut_off)s::time THEN 'paid_before_cut_off'
            ELSE 'paid_after_cut_off'
        END AS reason,
        least(
            paid_orders.paid_at + interval '24 hours',
            CASE
                WHEN paid_orders.paid_locally::time < %(cut_off)s::time
                    THEN timezone(%(zone)s::text, date_trunc('day', paid_orders.paid_locally) + interval '1 day')
                ELSE
                    timezone(
                        %(zone)s::text,
                        date_trunc('day', paid_orders.paid_locally) + interval '1 day' + %(cut_off)s::time
                    )
            END
        ) AS due_at
    FROM paid_orders
)

SELECT
    orders.order_id AS subject_id,
    customers.customer_id,
    orders.reason,
    orders.due_at,
    jsonb_build_object(
        'paid_at', to_char(timezone('UTC', orders.paid_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'amount_minor', coalesce(orders.paid_minor, orders.total_minor),
        'currency', orders.currency
    ) AS detail
FROM judged_orders AS orders
INNER JOIN facts.customers AS customers ON orders.customer_no = customers.customer_no
-- LIMIT: looked up order by order. As a condition it would be a join with all shipments there ever were.
LEFT JOIN LATERAL (
    SELECT shipments.shipment_id
    FROM facts.shipments_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS shipments
    WHERE shipments.order_id = orders.order_id
    ORDER BY shipments.shipment_id
    LIMIT 1
) AS handed_over ON true
LEFT JOIN LATERAL (
    SELECT
        bool_or(refunds.state = 'asked') AS is_asked,
        sum(refunds.amount_minor) FILTER (WHERE refunds.state = 'succeeded') AS amount_minor
    FROM facts.refunds_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS refunds
    WHERE refunds.order_id = orders.order_id
) AS refunded ON true
WHERE
    orders.due_at <= %(as_of)s::timestamptz
    AND handed_over.shipment_id IS NULL
    AND refunded.is_asked IS NOT true
    AND coalesce(refunded.amount_minor, 0) < greatest(coalesce(orders.paid_minor, orders.total_minor), 1)
ORDER BY orders.due_at, orders.order_id
