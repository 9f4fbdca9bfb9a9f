-- purpose: move waiting messages whose planned day has passed to today, where today's caps have room
-- grain:   one row per message moved
-- params:  realm text, shop_id text, zone text, today date, caps jsonb
-- reads:   ledger.touch
-- writes:  ledger.message
-- returns: count
-- caps: purpose -> {per_day, per_week}; absent or null is no limit. A week is seven shop-local days ending today.
-- Transactional messages count in promotional caps, and a held-out touch as a promotional message of its day.
WITH late_messages AS (
    SELECT
        messages.message_id,
        messages.identity,
        messages.purpose,
        row_number() OVER (
            PARTITION BY messages.identity ORDER BY messages.purpose DESC, messages.message_id
        ) AS place
    FROM ledger.message AS messages
    WHERE
        messages.realm = %(realm)s::text
        AND messages.shop_id = %(shop_id)s::text
        AND messages.state = 'waiting'
        AND messages.planned_on < %(today)s::date
),

counted_messages AS (
    SELECT
        late_messages.message_id,
        counted.purpose,
        counted.planned_on
    FROM late_messages
    INNER JOIN ledger.message AS counted
        ON
            counted.identity = late_messages.identity
            AND counted.realm = %(realm)s::text
            AND counted.shop_id = %(shop_id)s::text
    WHERE
        counted.message_id <> late_messages.message_id
        AND counted.state IN ('waiting', 'claimed', 'sending', 'accepted', 'unknown', 'abandoned')
        AND counted.planned_on > %(today)s::date - 7
        AND counted.planned_on <= %(today)s::date
        -- Other late ones are counted by their place, on the day they would move to.
        AND NOT (counted.state = 'waiting' AND counted.planned_on < %(today)s::date)
    UNION ALL
    SELECT
        late_messages.message_id,
        'promotional' AS purpose,
        (touches.decided_as_of AT TIME ZONE %(zone)s::text)::date AS planned_on
    FROM late_messages
    INNER JOIN ledger.touch AS touches
        ON
            touches.identity = late_messages.identity
            AND touches.realm = %(realm)s::text
            AND touches.shop_id = %(shop_id)s::text
    WHERE
        touches.decision = 'held_out'
        AND (touches.decided_as_of AT TIME ZONE %(zone)s::text)::date > %(today)s::date - 7
),

used_caps AS (
    SELECT
        late_messages.message_id,
        late_messages.place - 1 + count(counted.message_id) FILTER (
            WHERE counted.planned_on = %(today)s::date
        ) AS used_day,
        late_messages.place - 1 + count(counted.message_id) AS used_week,
        (%(caps)s::jsonb -> late_messages.purpose ->> 'per_day')::integer AS per_day,
        (%(caps)s::jsonb -> late_messages.purpose ->> 'per_week')::integer AS per_week
    FROM late_messages
    LEFT JOIN counted_messages AS counted
        ON
            counted.message_id = late_messages.message_id
            AND (late_messages.purpose = 'promotional' OR counted.purpose = 'transactional')
    GROUP BY late_messages.message_id, late_messages.purpose, late_messages.place
)

UPDATE ledger.message AS messages
SET planned_on = %(today)s::date
FROM used_caps
WHERE
    messages.message_id = used_caps.message_id
    AND messages.state = 'waiting'
    AND (used_caps.per_day IS NULL OR used_caps.used_day < used_caps.per_day)
    AND (used_caps.per_week IS NULL OR used_caps.used_week < used_caps.per_week)
