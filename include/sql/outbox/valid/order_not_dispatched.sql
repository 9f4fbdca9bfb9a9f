-- purpose: strike orders that have left, were paid back or closed; cancel apologies with none left
-- grain:   one row per message cancelled
-- params:  message_ids bigint[], at timestamptz
-- reads:   facts.orders, facts.shipments, facts.refunds
-- writes:  ledger.touch_cover, ledger.outbox
-- returns: many
-- Instants later than `at` are masked: a rehearsal's facts know the future.
WITH open_messages AS (
    SELECT
        messages.message_id,
        messages.touch_id,
        messages.shop_id
    FROM ledger.outbox AS messages
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state IN ('waiting', 'claimed')
),

judged_covers AS (
    SELECT
        open_messages.message_id,
        covers.touch_id,
        covers.covered_id,
        CASE
            WHEN orders.order_id IS NULL THEN 'no_order'
            WHEN orders.paid_at IS NULL OR orders.paid_at > %(at)s::timestamptz THEN 'not_paid'
            WHEN orders.shipped_at <= %(at)s::timestamptz OR orders.finished_at <= %(at)s::timestamptz THEN 'shipped'
            WHEN EXISTS (
                SELECT FROM facts.shipments AS shipments
                WHERE
                    shipments.shop_id = orders.shop_id
                    AND shipments.order_id = orders.order_id
                    AND shipments.shipped_at <= %(at)s::timestamptz
            ) THEN 'shipped'
            WHEN orders.closed_at <= %(at)s::timestamptz THEN 'closed'
            WHEN refunded.is_asked THEN 'refund_asked'
            WHEN refunded.amount_minor >= coalesce(orders.paid_minor, orders.total_minor) THEN 'refunded'
        END AS struck_because
    FROM open_messages
    INNER JOIN ledger.touch_cover AS covers
        ON
            open_messages.touch_id = covers.touch_id
            AND covers.released_as_of IS NULL
    LEFT JOIN facts.orders AS orders
        ON
            open_messages.shop_id = orders.shop_id
            AND covers.covered_id = orders.order_id
    LEFT JOIN LATERAL (
        SELECT
            bool_or(refunds.state = 'asked') AS is_asked,
            sum(refunds.amount_minor) FILTER (WHERE refunds.state = 'succeeded') AS amount_minor
        FROM facts.refunds AS refunds
        WHERE
            refunds.shop_id = orders.shop_id
            AND refunds.order_id = orders.order_id
            AND refunds.happened_at <= %(at)s::timestamptz
    ) AS refunded ON true
),

struck_covers AS (
    UPDATE ledger.touch_cover AS covers
    SET
        released_as_of = %(at)s::timestamptz,
        release_reason = judged_covers.struck_because
    FROM judged_covers
    WHERE
        covers.touch_id = judged_covers.touch_id
        AND covers.covered_id = judged_covers.covered_id
        AND covers.released_as_of IS NULL
        AND judged_covers.struck_because IS NOT NULL
    RETURNING covers.touch_id
),

emptied_messages AS (
    SELECT
        open_messages.message_id,
        CASE
            WHEN bool_or(judged_covers.struck_because = 'shipped') THEN 'shipped'
            ELSE coalesce(min(judged_covers.struck_because), 'nothing_covered')
        END AS reason
    FROM open_messages
    LEFT JOIN judged_covers ON open_messages.message_id = judged_covers.message_id
    GROUP BY open_messages.message_id
    HAVING count(judged_covers.covered_id) = count(judged_covers.struck_because)
)

UPDATE ledger.outbox AS messages
SET
    state = 'cancelled',
    reason = emptied_messages.reason,
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM emptied_messages
WHERE
    messages.message_id = emptied_messages.message_id
    AND messages.message_id = ANY(%(message_ids)s::bigint[])
    AND messages.state IN ('waiting', 'claimed')
RETURNING
    messages.message_id,
    messages.reason
