-- purpose: what the templates of a campaign that comes once a period see of each message
-- grain:   one row per message
-- params:  message_ids bigint[], at timestamptz
-- reads:   ledger.message, ledger.touch, facts.customers, facts.orders, contact.people
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
        FROM facts.customers AS customers
        INNER JOIN facts.orders AS paid_orders ON customers.customer_no = paid_orders.customer_no
        WHERE
            customers.shop_id = messages.shop_id
            AND customers.customer_id = messages.customer_id
            AND paid_orders.paid_at <= %(at)s::timestamptz
    ) AS paid_order_count,
    'period' AS occasion_kind
FROM ledger.message AS messages
INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
LEFT JOIN contact.people AS people
    ON
        messages.shop_id = people.shop_id
        AND messages.customer_id = people.customer_id
WHERE messages.message_id = ANY(%(message_ids)s::bigint[])
ORDER BY messages.message_id
