-- purpose: write what changed in the features; the same again writes nothing
-- grain:   one row per customer
-- params:  made relation
-- reads:   the made table
-- writes:  record.customer_features
-- returns: count
INSERT INTO record.customer_features AS features (
    shop_id, customer_no, first_paid_at, last_paid_at, order_count, paid_minor, refund_count, refund_minor,
    purchase_days, first_day, last_day, item_count, item_orders, item_paid_minor, discount_count, discount_minor,
    coupon_count, coupon_minor, computed_as_of
)
SELECT
    shop_id,
    customer_no,
    first_paid_at,
    last_paid_at,
    order_count,
    paid_minor,
    refund_count,
    refund_minor,
    purchase_days,
    first_day,
    last_day,
    item_count,
    item_orders,
    item_paid_minor,
    discount_count,
    discount_minor,
    coupon_count,
    coupon_minor,
    computed_as_of
FROM __made__
ON CONFLICT ON CONSTRAINT customer_features_pk DO UPDATE
    SET
        first_paid_at = excluded.first_paid_at,
        last_paid_at = excluded.last_paid_at,
        order_count = excluded.order_count,
        paid_minor = excluded.paid_minor,
        refund_count = excluded.refund_count,
        refund_minor = excluded.refund_minor,
        purchase_days = excluded.purchase_days,
        first_day = excluded.first_day,
        last_day = excluded.last_day,
        item_count = excluded.item_count,
        item_orders = excluded.item_orders,
        item_paid_minor = excluded.item_paid_minor,
        discount_count = excluded.discount_count,
        discount_minor = excluded.discount_minor,
        coupon_count = excluded.coupon_count,
        coupon_minor = excluded.coupon_minor,
        computed_as_of = excluded.computed_as_of
    WHERE (
        features.first_paid_at, features.last_paid_at, features.order_count, features.paid_minor,
        features.refund_count, features.refund_minor, features.purchase_days, features.first_day, features.last_day,
        features.item_count, features.item_orders, features.item_paid_minor, features.discount_count,
        features.discount_minor, features.coupon_count, features.coupon_minor
    )
    IS DISTINCT FROM (
        excluded.first_paid_at, excluded.last_paid_at, excluded.order_count, excluded.paid_minor,
        excluded.refund_count, excluded.refund_minor, excluded.purchase_days, excluded.first_day, excluded.last_day,
        excluded.item_count, excluded.item_orders, excluded.item_paid_minor, excluded.discount_count,
        excluded.discount_minor, excluded.coupon_count, excluded.coupon_minor
    )
