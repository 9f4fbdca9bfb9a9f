-- purpose: customers whose record may change: their orders, lines or refunds came in, left for another customer, or
--          were reached by the head since the last refresh; or a product they bought changed its series
-- grain:   one row per customer_no
-- params:  shop_id text, as_of timestamptz, batch_ids bigint[]
-- reads:   facts.orders, facts.order_lines, facts.refunds, facts.products, record.paid_orders, record.refunds,
--          record.product_series, record.heads
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

-- Refunds that came in, and those of orders that did: either may say who is refunded.
changed_refunds AS (
    SELECT
        shop_id,
        refund_id,
        order_id,
        customer_no
    FROM facts.refunds
    WHERE
        batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
    UNION
    SELECT
        refunds.shop_id,
        refunds.refund_id,
        refunds.order_id,
        refunds.customer_no
    FROM changed_orders
    INNER JOIN facts.refunds AS refunds
        ON
            changed_orders.shop_id = refunds.shop_id
            AND changed_orders.order_id = refunds.order_id
),

changed_products AS (
    SELECT products.product_id
    FROM facts.products AS products
    LEFT JOIN record.product_series AS known
        ON
            products.shop_id = known.shop_id
            AND products.product_id = known.product_id
    WHERE
        products.batch_id = ANY(%(batch_ids)s::bigint[])
        AND products.shop_id = %(shop_id)s::text
        AND known.series IS DISTINCT FROM nullif(products.series, '')
),

-- Orders of lines and refunds that came in, and of lines of products that changed.
touched_orders AS (
    SELECT order_id
    FROM changed_refunds
    UNION
    SELECT order_id
    FROM facts.order_lines
    WHERE
        batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
    UNION
    SELECT lines.order_id
    FROM changed_products
    INNER JOIN facts.order_lines AS lines ON changed_products.product_id = lines.product_id
    WHERE lines.shop_id = %(shop_id)s::text
)

SELECT customer_no
FROM changed_orders
UNION
SELECT orders.customer_no
FROM touched_orders
INNER JOIN facts.orders AS orders ON touched_orders.order_id = orders.order_id
WHERE orders.shop_id = %(shop_id)s::text
UNION
SELECT customer_no
FROM changed_refunds
WHERE customer_no IS NOT NULL
UNION
-- What now belongs to somebody else changes its former customer too.
SELECT paid_orders.customer_no
FROM changed_orders
INNER JOIN record.paid_orders AS paid_orders
    ON
        changed_orders.shop_id = paid_orders.shop_id
        AND changed_orders.order_id = paid_orders.order_id
UNION
SELECT refunds.customer_no
FROM changed_refunds
INNER JOIN record.refunds AS refunds
    ON
        changed_refunds.shop_id = refunds.shop_id
        AND changed_refunds.refund_id = refunds.refund_id
UNION
-- Time alone: what lay after the last refresh, and does not lie after this one.
SELECT paid_orders.customer_no
FROM record.heads AS heads
INNER JOIN record.paid_orders AS paid_orders ON heads.shop_id = paid_orders.shop_id
WHERE
    heads.shop_id = %(shop_id)s::text
    AND paid_orders.paid_at > heads.refreshed_as_of
    AND paid_orders.paid_at <= %(as_of)s::timestamptz
UNION
SELECT refunds.customer_no
FROM record.heads AS heads
INNER JOIN record.refunds AS refunds ON heads.shop_id = refunds.shop_id
WHERE
    heads.shop_id = %(shop_id)s::text
    AND refunds.happened_at > heads.refreshed_as_of
    AND refunds.happened_at <= %(as_of)s::timestamptz
