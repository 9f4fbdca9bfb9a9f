-- purpose: strike orders that need no reminder any more; cancel messages with none left
-- grain:   one row per message cancelled
-- params:  message_ids bigint[], at timestamptz, closes_after interval
-- reads:   facts.orders, facts.order_lines
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
            WHEN orders.paid_at <= %(at)s::timestamptz THEN 'paid'
            WHEN orders.paid_at IS NULL AND orders.payment_state = 'paid' THEN 'paid'
            WHEN
                orders.closed_at <= %(at)s::timestamptz
                OR coalesce(orders.closes_at, orders.created_at + %(closes_after)s::interval) <= %(at)s::timestamptz
                THEN 'closed'
            WHEN orders.paid_at IS NULL AND orders.payment_state = 'under_way' THEN 'payment_under_way'
            WHEN EXISTS (
                SELECT FROM facts.orders AS later_orders
                INNER JOIN facts.order_lines AS later_lines
                    ON
                        later_orders.shop_id = later_lines.shop_id
                        AND later_orders.order_id = later_lines.order_id
                INNER JOIN facts.order_lines AS own_lines
                    ON
                        own_lines.shop_id = orders.shop_id
                        AND own_lines.order_id = orders.order_id
                        AND facts.is_same_item(own_lines, later_lines)
                WHERE
                    later_orders.customer_no = orders.customer_no
                    AND later_orders.created_at > orders.created_at
                    AND later_orders.paid_at <= %(at)s::timestamptz
            ) THEN 'paid_other_order'
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
            WHEN bool_or(judged_covers.struck_because = 'paid') THEN 'paid'
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
