-- purpose: features of all customers of a shop as of any instant, from the facts as they were known then; guests are
--          left out
-- grain:   one row per customer with a paid order
-- params:  shop_id text, as_of timestamptz
-- reads:   facts.orders, facts.orders_history, facts.refunds, facts.refunds_history, facts.customers
-- writes:  nothing
-- returns: many
WITH paid AS (
    SELECT
        orders.customer_no,
        min(orders.paid_at) AS first_paid_at,
        max(orders.paid_at) AS last_paid_at,
        count(*)::integer AS order_count,
        sum(coalesce(orders.paid_minor, orders.total_minor))::bigint AS paid_minor
    FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
    WHERE orders.paid_at IS NOT NULL
    GROUP BY orders.customer_no
),

refunded AS (
    SELECT
        coalesce(orders.customer_no, refunds.customer_no) AS customer_no,
        count(*)::integer AS refund_count,
        sum(refunds.amount_minor)::bigint AS refund_minor
    FROM facts.refunds_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS refunds
    LEFT JOIN facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
        ON refunds.order_id = orders.order_id
    WHERE refunds.state = 'succeeded'
    GROUP BY coalesce(orders.customer_no, refunds.customer_no)
)

SELECT
    customers.shop_id,
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
INNER JOIN facts.customers AS customers ON paid.customer_no = customers.customer_no
LEFT JOIN refunded ON paid.customer_no = refunded.customer_no
WHERE NOT customers.is_guest
