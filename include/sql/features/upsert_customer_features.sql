-- purpose: recompute the features of the changed customers from all their paid orders and refunds (not by adding: a
--          correction or a replay must come out the same); unchanged ones are not written
-- grain:   one row per customer with a paid order
-- params:  shop_id text, as_of timestamptz
-- reads:   record.paid_orders, record.refunds, pg_temp.changed_customers
-- writes:  record.customer_features
-- returns: count
INSERT INTO record.customer_features AS features (
    shop_id, customer_no, first_paid_at, last_paid_at, order_count, paid_minor, refund_count, refund_minor,
    computed_as_of
)
WITH paid AS (
    SELECT
        paid_orders.customer_no,
        min(paid_orders.paid_at) AS first_paid_at,
        max(paid_orders.paid_at) AS last_paid_at,
        count(*) AS order_count,
        sum(paid_orders.net_minor) AS paid_minor
    FROM pg_temp.changed_customers AS changed_customers
    INNER JOIN record.paid_orders AS paid_orders ON changed_customers.customer_no = paid_orders.customer_no
    WHERE
        paid_orders.shop_id = %(shop_id)s::text
        AND paid_orders.paid_at <= %(as_of)s::timestamptz
    GROUP BY paid_orders.customer_no
),

refunded AS (
    SELECT
        refunds.customer_no,
        count(*) AS refund_count,
        sum(refunds.amount_minor) AS refund_minor
    FROM pg_temp.changed_customers AS changed_customers
    INNER JOIN record.refunds AS refunds ON changed_customers.customer_no = refunds.customer_no
    WHERE
        refunds.shop_id = %(shop_id)s::text
        AND refunds.happened_at <= %(as_of)s::timestamptz
    GROUP BY refunds.customer_no
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
    %(as_of)s::timestamptz AS computed_as_of
FROM paid
LEFT JOIN refunded ON paid.customer_no = refunded.customer_no
ON CONFLICT ON CONSTRAINT customer_features_pk DO UPDATE
    SET
        first_paid_at = excluded.first_paid_at,
        last_paid_at = excluded.last_paid_at,
        order_count = excluded.order_count,
        paid_minor = excluded.paid_minor,
        refund_count = excluded.refund_count,
        refund_minor = excluded.refund_minor,
        computed_as_of = excluded.computed_as_of
    WHERE (
        features.first_paid_at, features.last_paid_at, features.order_count, features.paid_minor,
        features.refund_count, features.refund_minor
    )
    IS DISTINCT FROM (
        excluded.first_paid_at, excluded.last_paid_at, excluded.order_count, excluded.paid_minor,
        excluded.refund_count, excluded.refund_minor
    )
