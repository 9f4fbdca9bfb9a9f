-- purpose: let messages in hand speak of every open order of their buyer, those made since the decision too
-- grain:   one row per order added
-- params:  message_ids bigint[], at timestamptz, closes_after interval
-- reads:   ledger.outbox, facts.customers, facts.merged_identities, facts.orders, facts.order_lines
-- writes:  ledger.touch_cover
-- returns: count
-- An order another text of this step speaks of stays with that one (one_touch_per_order). Ordered by order, so that
-- two dispatchers adding for one buyer wait for each other in one direction.
INSERT INTO ledger.touch_cover (realm, shop_id, campaign_id, step, covered_id, touch_id, covered_as_of)
-- Looked up one after the other, whatever the planner takes a person's accounts for.
WITH buyers AS MATERIALIZED (
    SELECT
        messages.realm,
        messages.shop_id,
        messages.campaign_id,
        messages.step,
        messages.touch_id,
        customers.customer_no
    FROM ledger.outbox AS messages
    CROSS JOIN LATERAL facts.identities_of(messages.identity, 'infinity') AS names
    CROSS JOIN
        LATERAL (
            SELECT known.customer_no
            FROM facts.customers AS known
            WHERE
                known.identity = names.identity
                AND known.shop_id = messages.shop_id
            OFFSET 0 -- noqa: AM09
        ) AS customers
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state = 'claimed'
)

SELECT
    buyers.realm,
    buyers.shop_id,
    buyers.campaign_id,
    buyers.step,
    orders.order_id,
    min(buyers.touch_id) AS touch_id,
    %(at)s::timestamptz AS covered_as_of
FROM buyers
CROSS JOIN
    LATERAL (
        SELECT own.*
        FROM facts.orders AS own
        WHERE
            own.customer_no = buyers.customer_no
            AND own.shop_id = buyers.shop_id
        OFFSET 0 -- noqa: AM09
    ) AS orders
WHERE
    orders.created_at <= %(at)s::timestamptz
    AND (orders.paid_at IS NULL OR orders.paid_at > %(at)s::timestamptz)
    AND (orders.closed_at IS NULL OR orders.closed_at > %(at)s::timestamptz)
    AND coalesce(orders.closes_at, orders.created_at + %(closes_after)s::interval) > %(at)s::timestamptz
    AND orders.kind = 'normal'
    AND (orders.payment_state = 'none' OR orders.paid_at > %(at)s::timestamptz)
    -- Struck before because the buyer has paid the same item in a later order: it stays struck.
    AND NOT EXISTS (
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
    )
GROUP BY buyers.realm, buyers.shop_id, buyers.campaign_id, buyers.step, orders.order_id
ORDER BY orders.order_id
ON CONFLICT (realm, shop_id, campaign_id, step, covered_id) WHERE released_as_of IS NULL DO NOTHING
