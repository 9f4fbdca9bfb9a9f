-- purpose: orders that payments of a batch have paid, or unpaid, where their own source says nothing of it
-- grain:   one row per order whose instant or kind of payment changes
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean, staged relation
-- reads:   facts.payments, facts.payments_history, facts.orders
-- writes:  a temporary table
-- returns: count
CREATE TEMPORARY TABLE __staged__ ON COMMIT DROP AS
WITH touched_orders AS (
    SELECT payments.order_id
    FROM facts.payments AS payments
    WHERE payments.batch_id = %(batch_id)s::bigint AND payments.shop_id = %(shop_id)s::text
    UNION
    -- A payment that was booked on another order before.
    SELECT replaced.order_id
    FROM facts.payments AS payments
    INNER JOIN facts.payments_history AS replaced
        ON payments.shop_id = replaced.shop_id AND payments.payment_id = replaced.payment_id
    WHERE payments.batch_id = %(batch_id)s::bigint AND payments.shop_id = %(shop_id)s::text
)

SELECT
    orders.shop_id,
    orders.order_id,
    found.paid_at,
    found.payment_kind,
    found.takes_paid_at,
    found.takes_payment_kind,
    -- Declared history was known all along: the order is as old as it was, its payment masked before it happened.
    CASE WHEN %(is_history)s::boolean THEN orders.known_at ELSE %(as_of)s::timestamptz END AS known_at,
    true AS is_known
FROM touched_orders
INNER JOIN facts.orders AS orders
    ON orders.shop_id = %(shop_id)s::text AND touched_orders.order_id = orders.order_id
CROSS JOIN
    LATERAL facts.payment_of_order(
        orders.shop_id,
        orders.order_id,
        orders.total_minor,
        orders.created_at,
        CASE WHEN NOT orders.takes_paid_at THEN orders.paid_at END,
        CASE WHEN NOT orders.takes_payment_kind THEN orders.payment_kind END
    ) AS found
WHERE
    (found.paid_at, found.payment_kind, found.takes_paid_at, found.takes_payment_kind)
    IS DISTINCT FROM (orders.paid_at, orders.payment_kind, orders.takes_paid_at, orders.takes_payment_kind)
