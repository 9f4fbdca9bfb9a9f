-- purpose: what the templates of an order campaign see of each message
-- grain:   one row per message that covers an order
-- params:  message_ids bigint[], at timestamptz
-- reads:   ledger.outbox, ledger.candidate, ledger.touch, ledger.touch_cover, facts.customers, facts.merged_customers,
--          facts.merged_identities, facts.orders, facts.orders_history, facts.order_lines, contact.people
-- writes:  nothing
-- returns: many
-- Orders are those the touch covers now, or covered when the message went (rendered again later, for a report).
WITH asked_messages AS (
    SELECT
        messages.*,
        touches.occasion
    FROM ledger.outbox AS messages
    INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
    WHERE messages.message_id = ANY(%(message_ids)s::bigint[])
),

covered_orders AS (
    SELECT
        messages.message_id,
        orders.shop_id,
        orders.order_id,
        orders.customer_no,
        orders.total_minor,
        orders.currency,
        orders.created_at,
        orders.closes_at,
        row_number() OVER (PARTITION BY messages.message_id ORDER BY orders.created_at, orders.order_id) AS place
    FROM asked_messages AS messages
    INNER JOIN ledger.touch_cover AS covers
        ON
            messages.touch_id = covers.touch_id
            AND covers.covered_as_of <= %(at)s::timestamptz
            AND (covers.released_as_of IS NULL OR covers.released_as_of > %(at)s::timestamptz)
    INNER JOIN facts.orders AS orders
        ON
            messages.shop_id = orders.shop_id
            AND covers.covered_id = orders.order_id
),

totals AS (
    SELECT
        message_id,
        count(*) AS order_count,
        sum(total_minor)::bigint AS total_minor,
        min(closes_at) AS closes_at
    FROM covered_orders
    GROUP BY message_id
)

SELECT
    messages.message_id,
    messages.shop_id,
    messages.customer_id,
    messages.campaign_id,
    messages.locale,
    people.display_name,
    totals.order_count,
    totals.total_minor,
    firsts.currency,
    firsts.order_id AS first_order_id,
    firsts.created_at AS first_created_at,
    totals.closes_at,
    titles.title AS item_title,
    coalesce(titles.line_count, 0) AS line_count,
    (
        SELECT count(*)
        FROM facts.orders_as_of(messages.shop_id, %(at)s::timestamptz) AS paid_orders
        WHERE
            paid_orders.customer_no = (
                SELECT customers.survivor_no
                FROM facts.customers_as_of(messages.shop_id, %(at)s::timestamptz) AS customers
                WHERE customers.customer_id = messages.customer_id
            )
            AND paid_orders.paid_at IS NOT NULL
            AND facts.is_purchase(paid_orders.kind)
    ) AS paid_order_count,
    candidates.stage,
    'order' AS occasion_kind
FROM asked_messages AS messages
INNER JOIN totals ON messages.message_id = totals.message_id
LEFT JOIN covered_orders AS firsts
    ON
        messages.message_id = firsts.message_id
        AND firsts.place = 1
LEFT JOIN LATERAL (
    SELECT
        (array_agg(lines.title ORDER BY lines.net_minor DESC, lines.line_id ASC))[1] AS title,
        count(*) AS line_count
    FROM facts.order_lines AS lines
    WHERE
        lines.shop_id = firsts.shop_id
        AND lines.order_id = firsts.order_id
) AS titles ON true
LEFT JOIN contact.people AS people
    ON
        messages.shop_id = people.shop_id
        AND messages.customer_id = people.customer_id
LEFT JOIN ledger.candidate AS candidates
    ON
        messages.enqueued_run_no = candidates.run_no
        AND messages.campaign_id = candidates.campaign_id
        AND messages.step = candidates.step
        AND messages.occasion = candidates.occasion
        AND facts.identity_of(messages.identity, 'infinity') = facts.identity_of(candidates.identity, 'infinity')
ORDER BY messages.message_id
