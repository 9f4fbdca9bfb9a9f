-- purpose: what the templates of a campaign about a customer's last order see of each message
-- grain:   one row per message
-- params:  message_ids bigint[], at timestamptz
-- reads:   ledger.outbox, ledger.touch, ledger.candidate, facts.customers, facts.merged_customers,
--          facts.merged_identities, facts.orders, facts.orders_history, facts.order_lines, contact.people
-- writes:  nothing
-- returns: many
-- No row for an order that is not there any more: there is nothing to tell.
SELECT
    messages.message_id,
    messages.shop_id,
    messages.customer_id,
    messages.campaign_id,
    messages.locale,
    people.display_name,
    orders.order_id AS last_order_id,
    orders.paid_at AS last_paid_at,
    (
        SELECT lines.title
        FROM facts.order_lines AS lines
        WHERE
            lines.shop_id = orders.shop_id
            AND lines.order_id = orders.order_id
            AND lines.kind = 'goods'
        ORDER BY lines.net_minor DESC, lines.line_id ASC
        LIMIT 1
    ) AS item_title,
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
    'last_order' AS occasion_kind
FROM ledger.outbox AS messages
INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
INNER JOIN facts.orders AS orders
    ON
        messages.shop_id = orders.shop_id
        AND touches.occasion = orders.order_id
LEFT JOIN contact.people AS people
    ON
        messages.shop_id = people.shop_id
        AND messages.customer_id = people.customer_id
LEFT JOIN ledger.candidate AS candidates
    ON
        messages.enqueued_run_no = candidates.run_no
        AND messages.campaign_id = candidates.campaign_id
        AND facts.identity_of(messages.identity, 'infinity') = facts.identity_of(candidates.identity, 'infinity')
        AND touches.occasion = candidates.occasion
WHERE messages.message_id = ANY(%(message_ids)s::bigint[])
ORDER BY messages.message_id
