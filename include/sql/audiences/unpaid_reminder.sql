-- purpose: buyers with open orders that are due a reminder as of an instant, one text for all open orders of a buyer
-- grain:   one row per buyer
-- params:  realm text, shop_id text, as_of timestamptz, campaign_id text, step text, closes_after interval,
--          parameters jsonb, segments jsonb, features relation
-- reads:   facts.orders, facts.orders_history, facts.order_lines, facts.order_lines_history, facts.customers,
--          ledger.touch_cover, the features relation
-- writes:  nothing
-- returns: many
WITH settings AS (
    SELECT
        given -> 'delay' AS delays,
        make_interval(secs => (given ->> 'close_lead')::float8) AS close_lead,
        nullif(given ->> 'offer', 'none') AS offer,
        (bounds ->> 'second_time_orders')::integer AS second_time_orders,
        (bounds ->> 'loyal_orders')::integer AS loyal_orders
    FROM (SELECT %(parameters)s::jsonb AS given, %(segments)s::jsonb AS bounds) AS config
),

-- The window keeps the cost constant as orders pile up: nobody is reminded of an order older than 30 days.
open_orders AS (
    SELECT
        orders.order_id,
        orders.customer_no,
        orders.kind,
        orders.payment_state,
        orders.created_at,
        coalesce(orders.closes_at, orders.created_at + %(closes_after)s::interval) AS closes_at,
        orders.created_at + make_interval(
            secs => coalesce(settings.delays ->> orders.source, settings.delays ->> 'default')::float8
        ) AS due_at
    FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
    CROSS JOIN settings
    WHERE
        orders.created_at > %(as_of)s::timestamptz - INTERVAL '30 days'
        AND orders.paid_at IS NULL
        AND orders.closed_at IS NULL
        AND orders.payment_state <> 'paid'
),

judged_orders AS (
    SELECT
        open_orders.*,
        CASE
            WHEN open_orders.kind IN ('cash_on_delivery', 'price_difference', 'presale') THEN open_orders.kind
            WHEN open_orders.payment_state = 'deposit_paid' THEN 'presale'
            WHEN open_orders.payment_state = 'under_way' THEN 'payment_under_way'
            WHEN EXISTS (
                SELECT FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS later_orders
                INNER JOIN facts.order_lines_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS paid_lines
                    ON later_orders.order_id = paid_lines.order_id
                INNER JOIN facts.order_lines_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS open_lines
                    ON facts.is_same_item(open_lines, paid_lines)
                WHERE
                    open_lines.order_id = open_orders.order_id
                    AND later_orders.customer_no = open_orders.customer_no
                    AND later_orders.created_at > open_orders.created_at
                    AND later_orders.paid_at IS NOT NULL
            ) THEN 'paid_other_order'
        END AS exclude_reason
    FROM open_orders
    WHERE
        open_orders.closes_at > %(as_of)s::timestamptz
        AND NOT EXISTS (
            SELECT FROM ledger.covers_as_of(
                %(realm)s::text, %(shop_id)s::text, %(campaign_id)s::text, %(step)s::text, %(as_of)s::timestamptz
            ) AS covers
            WHERE covers.covered_id = open_orders.order_id
        )
),

-- An order that is left out never stands for the others: it would hold their place without being covered.
occasions AS (
    SELECT DISTINCT ON (customer_no)
        customer_no,
        order_id AS occasion,
        due_at,
        exclude_reason
    FROM judged_orders
    WHERE due_at <= %(as_of)s::timestamptz
    ORDER BY customer_no, exclude_reason IS NOT NULL, created_at, order_id
),

staged_occasions AS (
    SELECT
        occasions.*,
        settings.close_lead,
        settings.offer,
        CASE
            WHEN features.order_count >= settings.loyal_orders THEN 'loyal'
            WHEN features.order_count >= settings.second_time_orders THEN 'second_time'
            ELSE 'new'
        END AS stage
    FROM occasions
    CROSS JOIN settings
    LEFT JOIN __features__ AS features
        ON occasions.customer_no = features.customer_no AND features.shop_id = %(shop_id)s::text
)

SELECT
    customers.customer_id,
    customers.identity,
    %(step)s::text AS step,
    occasions.occasion,
    occasions.due_at AS not_before,
    occasions.stage,
    min(orders.closes_at) - occasions.close_lead AS not_after,
    array_agg(orders.order_id ORDER BY orders.created_at, orders.order_id) AS covers,
    coalesce(
        occasions.exclude_reason,
        CASE WHEN occasions.stage = 'second_time' AND occasions.offer IS NULL THEN 'no_offer' END
    ) AS exclude_reason
FROM staged_occasions AS occasions
INNER JOIN facts.customers AS customers ON occasions.customer_no = customers.customer_no
-- Open orders that are not due yet go into the same text.
INNER JOIN judged_orders AS orders
    ON occasions.customer_no = orders.customer_no AND (occasions.exclude_reason IS NULL) = (orders.exclude_reason IS NULL)
GROUP BY
    customers.customer_id, customers.identity, occasions.occasion, occasions.due_at, occasions.stage,
    occasions.close_lead, occasions.offer, occasions.exclude_reason
ORDER BY occasions.occasion
