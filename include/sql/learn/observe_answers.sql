-- purpose: how long after a message its reader was watched, and whether they then paid an order
-- grain:   one row per message of the window that may have reached somebody
-- params:  shop_id text, as_of timestamptz, since timestamptz, realm text
-- reads:   ledger.message, ledger.attempt, ledger.touch, facts.orders, facts.orders_history, and what
--          facts.customers_as_of reads
-- writes:  pg_temp.observations
-- returns: nothing
--          (outer_key is the campaign, inner_key the step; age: seconds from the message to its reader paying, to
--          the next message of the campaign about the same occasion, or until now)
CREATE TEMPORARY TABLE observations ON COMMIT DROP AS
WITH sent AS (
    SELECT
        touches.campaign_id,
        touches.step,
        touches.occasion,
        -- Whose customers were merged is one reader, whichever of them was written to.
        facts.identity_of(touches.identity, %(as_of)s::timestamptz) AS person,
        min(attempts.started_at) AS sent_at
    FROM ledger.attempt AS attempts
    INNER JOIN ledger.message AS messages ON attempts.message_id = messages.message_id
    INNER JOIN ledger.touch AS touches ON messages.touch_id = touches.touch_id
    WHERE
        messages.realm = %(realm)s::text
        AND messages.shop_id = %(shop_id)s::text
        -- What became of it later than as_of nobody knew: until then it may have reached them.
        AND (
            attempts.state IN ('open', 'accepted', 'unknown')
            OR attempts.started_at + (attempts.settled_real_at - attempts.started_real_at) > %(as_of)s::timestamptz
        )
        AND attempts.started_at > %(since)s::timestamptz
        AND attempts.started_at <= %(as_of)s::timestamptz
    GROUP BY touches.touch_id
),

followed AS (
    SELECT
        *,
        lead(sent_at) OVER (PARTITION BY campaign_id, occasion, person ORDER BY sent_at, step) AS next_sent_at
    FROM sent
),

payments AS (
    SELECT
        customers.identity AS person,
        orders.paid_at
    FROM facts.orders_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS orders
    INNER JOIN facts.customers_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS customers
        ON orders.customer_no = customers.customer_no
    WHERE orders.paid_at > %(since)s::timestamptz
),

answered AS (
    SELECT
        followed.campaign_id,
        followed.step,
        followed.sent_at,
        followed.next_sent_at,
        min(payments.paid_at) AS paid_at
    FROM followed
    LEFT JOIN payments ON followed.person = payments.person AND followed.sent_at < payments.paid_at
    GROUP BY
        followed.campaign_id, followed.step, followed.occasion, followed.person, followed.sent_at,
        followed.next_sent_at
)

SELECT
    campaign_id AS outer_key,
    step AS inner_key,
    coalesce(paid_at <= coalesce(next_sent_at, 'infinity'), false) AS is_event,
    floor(extract(
        EPOCH FROM least(paid_at, next_sent_at, %(as_of)s::timestamptz) - sent_at
    ))::bigint AS age,
    NULL::bigint AS closes
FROM answered
