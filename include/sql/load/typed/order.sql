-- purpose: orders of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean
-- reads:   landing."order", facts.customers, facts.merged_customers, facts.payments
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.order_id,
    customers.customer_no,
    coalesce(good_lines.source, 'default') AS source,
    coalesce(good_lines.kind, 'normal') AS kind,
    coalesce(
        good_lines.payment_state,
        CASE WHEN good_lines.paid_at IS NULL THEN 'none' ELSE 'paid' END
    ) AS payment_state,
    coalesce(payments.payment_kind, good_lines.payment_kind) AS payment_kind,
    good_lines.created_at::timestamptz AS created_at,
    coalesce(payments.paid_at, good_lines.paid_at::timestamptz) AS paid_at,
    good_lines.closes_at::timestamptz AS closes_at,
    good_lines.closed_at::timestamptz AS closed_at,
    good_lines.shipped_at::timestamptz AS shipped_at,
    good_lines.finished_at::timestamptz AS finished_at,
    facts.minor_units(good_lines.total, good_lines.currency) AS total_minor,
    facts.minor_units(good_lines.paid, good_lines.currency) AS paid_minor,
    good_lines.currency::char(3) AS currency,
    trim_scale(good_lines.item_count::numeric) AS item_count,
    good_lines.region,
    good_lines.city,
    good_lines.status,
    -- A coupon is something taken off too, where the source counts coupons alone.
    greatest(
        facts.minor_units(good_lines.discount, good_lines.currency),
        facts.minor_units(good_lines.coupon, good_lines.currency)
    ) AS discount_minor,
    facts.minor_units(good_lines.coupon, good_lines.currency) AS coupon_minor,
    good_lines.device,
    coalesce(payments.takes_paid_at, false) AS takes_paid_at,
    coalesce(payments.takes_payment_kind, false) AS takes_payment_kind,
    -- Without a version of its own an order is as new as the latest thing that happened to it.
    CASE
        WHEN good_lines.modified_at IS NULL
            THEN greatest(
                good_lines.created_at::timestamptz,
                good_lines.paid_at::timestamptz,
                good_lines.closed_at::timestamptz,
                good_lines.shipped_at::timestamptz,
                good_lines.finished_at::timestamptz
            )
        ELSE good_lines.modified_at::timestamptz
    END AS modified_at,
    true AS has_version,
    CASE
        WHEN %(is_history)s::boolean THEN good_lines.created_at::timestamptz
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing."order" AS good_lines
INNER JOIN facts.buyers AS customers
    ON
        customers.shop_id = %(shop_id)s::text
        AND customers.customer_id = coalesce(good_lines.customer_id, 'order:' || good_lines.order_id)
LEFT JOIN
    LATERAL facts.payment_of_order(
        %(shop_id)s::text,
        good_lines.order_id,
        facts.minor_units(good_lines.total, good_lines.currency),
        good_lines.created_at::timestamptz,
        good_lines.paid_at::timestamptz,
        good_lines.payment_kind
    ) AS payments
    ON true
WHERE good_lines.batch_id = %(batch_id)s::bigint
