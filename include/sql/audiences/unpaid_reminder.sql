-- purpose: buyers with open orders that are due a reminder as of an instant, one text for all open orders of a buyer
-- grain:   one row per buyer
-- params:  realm text, shop_id text, as_of timestamptz, campaign_id text, step text, closes_after interval,
--          parameters jsonb, segments jsonb, features relation
-- reads:   facts.orders, facts.orders_history, facts.order_lines, facts.order_lines_history, facts.customers,
--          ledger.touch_cover, ledger.touch, ledger.decision, ledger.freed_round, the features relation
-- writes:  nothing
-- returns: many
WITH settings AS (
    SELECT
        given -> 'delay' AS delays,
        make_interval(secs => (given ->> 'close_lead')::float8) AS close_lead,
        nullif(given ->> 'offer', 'none') AS offer,
        (bounds ->> 'second_time_orders')::integer AS second_time_orders,
        (bounds ->> 'loyal_orders')::integer AS loyal_orders
    FROM (VALUES (%(parameters)s::jsonb, %(segments)s::jsonb)) AS config (given, bounds)
),

-- The window keeps the cost constant; is_covered and is_settled (its touch is final: the next one is the occasion) are
-- columns, no conditions, and so looked up order by order whatever the planner knows. Judged once, hence MATERIALIZED.
open_orders AS (
    SELECT
        orders.*,
        coalesce(orders.closes_at, orders.created_at + %(closes_after)s::interval) AS last_at,
        orders.created_at + record.delay_of(settings.delays, orders.source, orders.payment_kind) AS due_at,
        EXISTS(
            SELECT FROM ledger.covers_as_of(%(realm)s, %(shop_id)s, %(campaign_id)s, %(step)s, %(as_of)s) AS covers
            WHERE covers.covered_id = orders.order_id
        ) AS is_covered,
        ledger.is_settled_as_of(
            %(realm)s, %(shop_id)s, %(campaign_id)s, %(step)s, orders.order_id, %(as_of)s
        ) AS is_settled
    FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
    CROSS JOIN settings
    WHERE
        orders.created_at > %(as_of)s::timestamptz - interval '30 days'
        AND orders.paid_at IS NULL
        AND orders.closed_at IS NULL
        AND orders.payment_state <> 'paid'
),

judged_orders AS MATERIALIZED (
    SELECT
        open_orders.*,
        open_orders.due_at <= %(as_of)s::timestamptz AS is_due,
        CASE
            WHEN open_orders.kind IN ('cash_on_delivery', 'price_difference', 'presale') THEN open_orders.kind
            WHEN open_orders.payment_state = 'deposit_paid' THEN 'presale'
            WHEN open_orders.payment_state = 'under_way' THEN 'payment_under_way'
            WHEN EXISTS (
                SELECT FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS later_orders
                CROSS JOIN facts.lines_of_order_as_of(later_orders.shop_id, later_orders.order_id, %(as_of)s) AS paid
                CROSS JOIN facts.lines_of_order_as_of(open_orders.shop_id, open_orders.order_id, %(as_of)s) AS unpaid
                WHERE
                    later_orders.customer_no = open_orders.customer_no
                    AND later_orders.created_at > open_orders.created_at
                    AND later_orders.paid_at IS NOT NULL
                    AND facts.is_same_item(unpaid, paid)
            ) THEN 'paid_other_order'
        END AS exclude_reason
    FROM open_orders
    WHERE
        NOT open_orders.is_covered
        AND NOT open_orders.is_settled
        AND open_orders.last_at > %(as_of)s::timestamptz
),

-- An order that is left out never stands for the others: it would hold their place without being covered.
sorted_orders AS (
    SELECT
        *,
        bool_or(is_due AND exclude_reason IS NULL) OVER (PARTITION BY customer_no) AS has_text
    FROM judged_orders
),

-- Open orders that are not due yet go into the same text.
texts AS (
    SELECT
        customer_no,
        (array_agg(order_id ORDER BY created_at, order_id) FILTER (WHERE is_due))[1] AS occasion,
        (array_agg(due_at ORDER BY created_at, order_id) FILTER (WHERE is_due))[1] AS not_before,
        (array_agg(exclude_reason ORDER BY created_at, order_id) FILTER (WHERE is_due))[1] AS exclude_reason,
        array_agg(order_id ORDER BY created_at, order_id) AS covers,
        min(last_at) AS first_last_at
    FROM sorted_orders
    WHERE has_text = (exclude_reason IS NULL)
    GROUP BY customer_no
    HAVING bool_or(is_due)
),

staged_texts AS (
    SELECT
        texts.*,
        CASE
            WHEN features.order_count >= settings.loyal_orders THEN 'loyal'
            WHEN features.order_count >= settings.second_time_orders THEN 'second_time'
            ELSE 'new'
        END AS stage
    FROM texts
    CROSS JOIN settings
    LEFT JOIN __features__ AS features
        ON texts.customer_no = features.customer_no AND features.shop_id = %(shop_id)s::text
)

SELECT
    customers.customer_id,
    customers.identity,
    %(step)s::text AS step,
    texts.occasion,
    texts.not_before,
    texts.first_last_at - settings.close_lead AS not_after,
    texts.covers,
    coalesce(
        texts.exclude_reason, CASE WHEN texts.stage = 'second_time' AND settings.offer IS NULL THEN 'no_offer' END
    ) AS exclude_reason,
    texts.stage
FROM staged_texts AS texts
CROSS JOIN settings
INNER JOIN facts.customers AS customers ON texts.customer_no = customers.customer_no
ORDER BY texts.occasion
