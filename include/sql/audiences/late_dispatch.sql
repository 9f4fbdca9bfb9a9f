-- purpose: buyers whose paid orders have not been handed over in time, one apology for all such orders of a buyer
-- grain:   one row per buyer
-- params:  realm text, shop_id text, as_of timestamptz, campaign_id text, step text, parameters jsonb, entities jsonb
-- reads:   facts.orders, facts.orders_history, facts.shipments, facts.shipments_history, facts.refunds,
--          facts.refunds_history, facts.customers, ledger.touch_cover, and what ledger.is_settled_as_of reads
-- writes:  nothing
-- returns: many
-- Late is a payment `after` (24 hours) ago and not handed over. The shop hears first: by the wall clock's rule of
-- worklists/not_dispatched.sql, at the end of the day for orders paid before the cut-off hour, else at the next day's
-- cut-off hour, and never later than the buyer does.
-- Nobody hears of an order paid longer than `age_cap` ago, so that what was lost long ago is not stirred up, nor of one
-- of which anything has left (any shipment), that is finished or closed. Excluded with a reason, for `why`: paid back
-- in full, asked back, a price difference, a pre-sale. Cash on delivery is not paid and so never late here.
-- A shop whose file names no source of shipments cannot be judged: nothing is returned.
WITH settings AS (
    SELECT
        make_interval(secs => (given ->> 'after')::float8) AS late_after,
        make_interval(secs => (given ->> 'age_cap')::float8) AS age_cap
    FROM (VALUES (%(parameters)s::jsonb)) AS config (given)
),

-- The window of orders made keeps the cost constant as they pile up; a payment may come a week after the order.
-- is_covered and is_settled (its touch is final: the next order stands for the text) are columns, not conditions, and
-- so looked up order by order whatever the planner knows of the ledger.
paid_orders AS (
    SELECT
        orders.*,
        orders.paid_at + settings.late_after AS late_at,
        orders.paid_at + settings.age_cap AS last_at,
        EXISTS(
            SELECT covers.covered_id
            FROM
                ledger.covers_as_of(
                    %(realm)s::text, %(shop_id)s::text, %(campaign_id)s::text, %(step)s::text, %(as_of)s::timestamptz
                ) AS covers
            WHERE covers.covered_id = orders.order_id
        ) AS is_covered,
        ledger.is_settled_as_of(
            %(realm)s, %(shop_id)s, %(campaign_id)s, %(step)s, orders.order_id, %(as_of)s
        ) AS is_settled
    FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
    CROSS JOIN settings
    WHERE
        %(entities)s::jsonb @> '"shipment"'
        AND orders.created_at > %(as_of)s::timestamptz - settings.age_cap - interval '7 days'
        AND orders.paid_at IS NOT NULL
        AND orders.shipped_at IS NULL
        AND orders.finished_at IS NULL
        AND orders.closed_at IS NULL
        AND orders.kind <> 'cash_on_delivery'
        AND orders.paid_at + settings.late_after <= %(as_of)s::timestamptz
        AND orders.paid_at + settings.age_cap > %(as_of)s::timestamptz
),

late_orders AS (
    SELECT
        paid_orders.*,
        CASE
            WHEN paid_orders.kind <> 'normal' THEN paid_orders.kind
            WHEN refunded.is_asked THEN 'refund_asked'
            WHEN refunded.amount_minor >= coalesce(paid_orders.paid_minor, paid_orders.total_minor) THEN 'refunded'
        END AS exclude_reason
    FROM paid_orders
    LEFT JOIN LATERAL (
        SELECT
            bool_or(refunds.state = 'asked') AS is_asked,
            sum(refunds.amount_minor) FILTER (WHERE refunds.state = 'succeeded') AS amount_minor
        FROM facts.refunds_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS refunds
        WHERE refunds.order_id = paid_orders.order_id
    ) AS refunded ON true
    -- LIMIT: looked up order by order. As a condition it would be a join with all shipments there ever were.
    LEFT JOIN LATERAL (
        SELECT shipments.shipment_id
        FROM facts.shipments_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS shipments
        WHERE shipments.order_id = paid_orders.order_id
        LIMIT 1 -- noqa: AM09
    ) AS handed_over ON true
    WHERE
        NOT paid_orders.is_covered
        AND NOT paid_orders.is_settled
        AND handed_over.shipment_id IS NULL
),

-- An order that is left out never stands for the others: it would hold their place without being covered.
sorted_orders AS (
    SELECT
        *,
        bool_or(exclude_reason IS NULL) OVER (PARTITION BY customer_no) AS has_text
    FROM late_orders
),

texts AS (
    SELECT
        customer_no,
        (array_agg(order_id ORDER BY paid_at, order_id))[1] AS occasion,
        min(late_at) AS not_before,
        min(last_at) AS not_after,
        array_agg(order_id ORDER BY paid_at, order_id) AS covers,
        (array_agg(exclude_reason ORDER BY paid_at, order_id))[1] AS exclude_reason
    FROM sorted_orders
    WHERE has_text = (exclude_reason IS NULL)
    GROUP BY customer_no
)

SELECT
    customers.customer_id,
    customers.identity,
    %(step)s::text AS step,
    texts.occasion,
    texts.not_before,
    texts.not_after,
    texts.covers,
    texts.exclude_reason,
    NULL AS stage
FROM texts
INNER JOIN facts.customers AS customers ON texts.customer_no = customers.customer_no
ORDER BY texts.occasion
