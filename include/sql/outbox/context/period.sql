-- purpose: what the templates of a campaign that comes once a period see of each message
-- grain:   one row per message
-- params:  message_ids bigint[], at timestamptz
-- reads:   ledger.outbox, ledger.touch, facts.customers, facts.merged_customers, facts.orders, facts.orders_history,
--          contact.people
-- writes:  nothing
-- returns: many
SELECT
    messages.message_id,
    messages.shop_id,
    messages.customer_id,
    messages.campaign_id,
    messages.locale,
    messages.variant,
    people.display_name,
    touches.occasion AS period,
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
    'period' AS occasion_kind
FROM ledger.outbox AS messages
INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
LEFT JOIN contact.people AS people
    ON
        messages.shop_id = people.shop_id
        AND messages.customer_id = people.customer_id
WHERE messages.message_id = ANY(%(message_ids)s::bigint[])
ORDER BY messages.message_id
