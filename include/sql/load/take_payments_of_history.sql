-- purpose: payments of declared history were known all along, so replaced versions of their orders say them too
-- grain:   one row per replaced version that changes
-- params:  batch_id bigint, shop_id text
-- reads:   facts.payments
-- writes:  facts.orders_history
-- returns: count
UPDATE facts.orders_history AS versions
SET
    paid_at = found.paid_at,
    payment_kind = found.payment_kind,
    takes_paid_at = found.takes_paid_at,
    takes_payment_kind = found.takes_payment_kind
FROM (
    SELECT
        replaced.ctid AS at,
        by_payments.paid_at,
        by_payments.payment_kind,
        by_payments.takes_paid_at,
        by_payments.takes_payment_kind
    FROM (
        SELECT DISTINCT payments.order_id
        FROM facts.payments AS payments
        WHERE payments.batch_id = %(batch_id)s::bigint AND payments.shop_id = %(shop_id)s::text
    ) AS touched_orders
    INNER JOIN facts.orders_history AS replaced
        ON replaced.shop_id = %(shop_id)s::text AND touched_orders.order_id = replaced.order_id
    CROSS JOIN
        LATERAL facts.payment_of_order(
            replaced.shop_id,
            replaced.order_id,
            replaced.total_minor,
            replaced.created_at,
            CASE WHEN NOT replaced.takes_paid_at THEN replaced.paid_at END,
            CASE WHEN NOT replaced.takes_payment_kind THEN replaced.payment_kind END
        ) AS by_payments
) AS found
WHERE
    versions.ctid = found.at
    AND (found.paid_at, found.payment_kind, found.takes_paid_at, found.takes_payment_kind)
    IS DISTINCT FROM (versions.paid_at, versions.payment_kind, versions.takes_paid_at, versions.takes_payment_kind)
