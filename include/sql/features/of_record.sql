-- purpose: features of all customers of a shop as of an instant at or after its head, in one pass over the narrow facts
--          (an earlier instant needs the versions known then: of_facts)
-- grain:   one row per customer with a paid order
-- params:  shop_id text, as_of timestamptz
-- reads:   record.paid_orders, record.refunds
-- writes:  nothing
-- returns: many
WITH paid AS (
    SELECT
        customer_no,
        min(paid_at) AS first_paid_at,
        max(paid_at) AS last_paid_at,
        count(*)::integer AS order_count,
        sum(net_minor) AS paid_minor
    FROM record.paid_orders
    WHERE
        shop_id = %(shop_id)s::text
        AND paid_at <= %(as_of)s::timestamptz
    GROUP BY customer_no
),

refunded AS (
    SELECT
        customer_no,
        count(*)::integer AS refund_count,
        sum(amount_minor)::bigint AS refund_minor
    FROM record.refunds
    WHERE
        shop_id = %(shop_id)s::text
        AND happened_at <= %(as_of)s::timestamptz
    GROUP BY customer_no
)

SELECT
    %(shop_id)s::text AS shop_id,
    paid.customer_no,
    paid.first_paid_at,
    paid.last_paid_at,
    paid.order_count,
    paid.paid_minor,
    coalesce(refunded.refund_count, 0) AS refund_count,
    coalesce(refunded.refund_minor, 0) AS refund_minor,
    paid.paid_minor - coalesce(refunded.refund_minor, 0) AS net_minor,
    %(as_of)s::timestamptz AS computed_as_of
FROM paid
LEFT JOIN refunded ON paid.customer_no = refunded.customer_no
