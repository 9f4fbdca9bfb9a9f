-- purpose: cancel messages whose reader has made an order that the decision did not know
-- grain:   one row per message cancelled
-- params:  message_ids bigint[], at timestamptz
-- reads:   facts.customers, facts.merged_identities, facts.orders, facts.orders_history
-- writes:  ledger.outbox
-- returns: many
-- Not by the time of the order alone: one made just before the decision may have come in just after it.
WITH ordering_messages AS (
    SELECT messages.message_id
    FROM ledger.outbox AS messages
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state IN ('waiting', 'claimed')
        AND EXISTS (
            SELECT FROM facts.identities_of(messages.identity, 'infinity') AS names
            INNER JOIN facts.customers AS customers ON names.identity = customers.identity
            INNER JOIN facts.orders AS orders ON customers.customer_no = orders.customer_no
            WHERE
                customers.shop_id = messages.shop_id
                AND orders.created_at > messages.enqueued_as_of - interval '7 days'
                AND orders.created_at <= %(at)s::timestamptz
                AND orders.known_at > messages.enqueued_as_of
                AND NOT EXISTS (
                    SELECT FROM facts.orders_history AS versions
                    WHERE
                        versions.shop_id = orders.shop_id
                        AND versions.order_id = orders.order_id
                        AND versions.known_from <= messages.enqueued_as_of
                )
        )
)

UPDATE ledger.outbox AS messages
SET
    state = 'cancelled',
    reason = 'ordered_since',
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM ordering_messages
WHERE
    messages.message_id = ordering_messages.message_id
    AND messages.message_id = ANY(%(message_ids)s::bigint[])
    AND messages.state IN ('waiting', 'claimed')
RETURNING
    messages.message_id,
    messages.reason
