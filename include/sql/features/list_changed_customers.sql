-- purpose: customers whose features may change: their orders came in, left for another customer, or were paid between
--          the last refresh and this one
-- grain:   one row per customer_no
-- params:  shop_id text, as_of timestamptz, batch_ids bigint[]
-- reads:   facts.orders, record.paid_orders, record.heads
-- writes:  pg_temp.changed_customers
-- returns: nothing
CREATE TEMPORARY TABLE changed_customers ON COMMIT DROP AS
WITH changed_orders AS (
    SELECT
        shop_id,
        order_id,
        customer_no
    FROM facts.orders
    WHERE
        batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
),

-- An order that now belongs to somebody else changes its former customer too.
former_customers AS (
    SELECT paid_orders.customer_no
    FROM changed_orders
    INNER JOIN record.paid_orders AS paid_orders
        ON
            changed_orders.shop_id = paid_orders.shop_id
            AND changed_orders.order_id = paid_orders.order_id
),

-- Time alone: a payment that lay after the last refresh, and does not lie after this one.
crossing_customers AS (
    SELECT paid_orders.customer_no
    FROM record.heads AS heads
    INNER JOIN record.paid_orders AS paid_orders ON heads.shop_id = paid_orders.shop_id
    WHERE
        heads.shop_id = %(shop_id)s::text
        AND paid_orders.paid_at > heads.refreshed_as_of
        AND paid_orders.paid_at <= %(as_of)s::timestamptz
)

SELECT customer_no
FROM changed_orders
UNION
SELECT customer_no
FROM former_customers
UNION
SELECT customer_no
FROM crossing_customers
