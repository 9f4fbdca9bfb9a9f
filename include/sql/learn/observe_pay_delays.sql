-- purpose: how long each order was watched, and whether its buyer then paid by themselves
-- grain:   one row per order of the window
-- params:  shop_id text, as_of timestamptz, since timestamptz, realm text
-- reads:   facts.orders, facts.orders_history, ledger.touch_cover, ledger.message, ledger.attempt
-- writes:  pg_temp.observations
-- returns: nothing
--          (outer_key is the source, inner_key the kind of payment, '' where nobody says; age (of the order at the end
--          of its watch) and closes (its age at closing unpaid, NULL where nobody says) are whole seconds)
CREATE TEMPORARY TABLE observations ON COMMIT DROP AS
WITH reminders AS (
    SELECT
        covers.covered_id AS order_id,
        min(attempts.started_at) AS reminded_at
    FROM ledger.touch_cover AS covers
    INNER JOIN ledger.message AS messages ON covers.touch_id = messages.touch_id
    INNER JOIN ledger.attempt AS attempts ON messages.message_id = attempts.message_id
    WHERE
        covers.realm = %(realm)s::text
        AND covers.shop_id = %(shop_id)s::text
        AND covers.covered_as_of > %(since)s::timestamptz
        AND attempts.started_at <= %(as_of)s::timestamptz
        -- What became of it later than as_of nobody knew: until then it may have reached them.
        AND (
            attempts.state IN ('open', 'accepted', 'unknown')
            OR attempts.started_at + (attempts.settled_real_at - attempts.started_real_at) > %(as_of)s::timestamptz
        )
        AND (covers.released_as_of IS NULL OR covers.released_as_of >= attempts.started_at)
    GROUP BY covers.covered_id
),

-- An order is watched until it is paid, until we remind of it, or until now. Closed unpaid it is never paid: it goes on
-- being watched, for it would be wrong to call it one that might yet have been paid.
watched_orders AS (
    SELECT
        orders.source,
        orders.payment_kind,
        orders.created_at,
        orders.paid_at <= coalesce(reminders.reminded_at, 'infinity') AS is_paid,
        least(orders.paid_at, reminders.reminded_at, %(as_of)s::timestamptz) AS ends_at,
        -- Platforms say when an order will close while it is open, and when it did; of one that was paid neither. One
        -- that closed in the second it was made says nothing of when.
        coalesce(
            orders.closes_at,
            CASE WHEN orders.paid_at IS NULL AND orders.closed_at > orders.created_at THEN orders.closed_at END
        ) AS last_at
    FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
    LEFT JOIN reminders ON orders.order_id = reminders.order_id
    WHERE
        orders.created_at > %(since)s::timestamptz
        AND orders.kind NOT IN ('cash_on_delivery', 'price_difference', 'presale')
        AND orders.payment_state <> 'deposit_paid'
        -- Paid, and nobody knows when.
        AND (orders.paid_at IS NOT NULL OR orders.payment_state <> 'paid')
)

SELECT
    source AS outer_key,
    coalesce(payment_kind, '') AS inner_key,
    coalesce(is_paid, false) AS is_event,
    greatest(0, floor(extract(EPOCH FROM ends_at - created_at)))::bigint AS age,
    floor(extract(EPOCH FROM last_at - created_at))::bigint AS closes
FROM watched_orders
