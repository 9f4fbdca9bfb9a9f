-- purpose: give messages in hand a slot of the offer they promise; cancel those whose offer is over, or has none left
-- grain:   one row per message cancelled, or put off until its offer begins
-- params:  message_ids bigint[], at timestamptz, offers jsonb, is_claim boolean
-- reads:   ledger.outbox, ledger.offer_grant
-- writes:  ledger.outbox, ledger.offer_grant
-- returns: many
-- offers: "campaign/step" -> offer, quota, from, until as configured now; null where the step makes none. A campaign
-- that does not load is not in it: its messages are left alone, the claim takes none of them. Slots are given at the
-- claim alone, under the lock of lock/offer_open; a message claimed again still holds its own.
WITH promising_messages AS (
    SELECT
        messages.*,
        %(offers)s::jsonb -> (messages.campaign_id || '/' || messages.step) AS terms
    FROM ledger.outbox AS messages
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state IN ('waiting', 'claimed')
        AND messages.offer_id IS NOT NULL
),

asked_messages AS (
    SELECT
        *,
        CASE
            WHEN
                coalesce(terms ->> 'offer', '') <> offer_id
                OR (terms ->> 'until')::timestamptz <= %(at)s::timestamptz
                OR (terms ->> 'from')::timestamptz >= not_after
                THEN 'offer_over'
            WHEN
                (terms ->> 'from')::timestamptz > %(at)s::timestamptz
                AND (state = 'claimed' OR not_before < (terms ->> 'from')::timestamptz)
                THEN 'offer_not_begun'
            -- Who is held out takes no slot, and is sent away with the others once there is none.
            WHEN
                %(is_claim)s::boolean AND is_held_out
                AND ledger.is_offer_gone(realm, shop_id, offer_id, (terms ->> 'quota')::integer)
                THEN 'offer_gone'
        END AS obstacle
    FROM promising_messages
    WHERE %(is_claim)s::boolean OR terms IS NOT NULL
),

asking_messages AS (
    SELECT
        asked_messages.*,
        row_number() OVER (PARTITION BY asked_messages.offer_id ORDER BY asked_messages.message_id) AS turn
    FROM asked_messages
    WHERE
        %(is_claim)s::boolean
        AND asked_messages.obstacle IS NULL
        AND NOT asked_messages.is_held_out
        AND NOT EXISTS (
            SELECT FROM ledger.offer_grant AS grants
            WHERE grants.message_id = asked_messages.message_id AND grants.released_at IS NULL
        )
),

asked_offers AS (
    SELECT
        realm,
        shop_id,
        offer_id,
        min((terms ->> 'quota')::integer) AS quota,
        count(*) AS asking
    FROM asking_messages
    GROUP BY realm, shop_id, offer_id
),

given_grants AS (
    INSERT INTO ledger.offer_grant (realm, shop_id, offer_id, slot, message_id, granted_at)
    SELECT
        asking_messages.realm,
        asking_messages.shop_id,
        asking_messages.offer_id,
        free_slots.slot,
        asking_messages.message_id,
        %(at)s::timestamptz
    FROM asked_offers
    CROSS JOIN
        ledger.free_offer_slots(
            asked_offers.realm, asked_offers.shop_id, asked_offers.offer_id, asked_offers.quota, asked_offers.asking
        ) AS free_slots
    INNER JOIN asking_messages
        ON asked_offers.offer_id = asking_messages.offer_id AND free_slots.turn = asking_messages.turn
    RETURNING message_id
),

judged_messages AS (
    SELECT
        message_id,
        CASE obstacle WHEN 'offer_not_begun' THEN (terms ->> 'from')::timestamptz END AS opens_at,
        coalesce(obstacle, 'offer_gone') AS reason
    FROM asked_messages
    WHERE
        obstacle IS NOT NULL
        OR message_id IN (
            SELECT asking_messages.message_id FROM asking_messages
            EXCEPT
            SELECT given_grants.message_id FROM given_grants
        )
)

UPDATE ledger.outbox AS messages
SET
    state = CASE judged_messages.reason WHEN 'offer_not_begun' THEN 'waiting' ELSE 'cancelled' END,
    reason = judged_messages.reason,
    not_before = coalesce(judged_messages.opens_at, messages.not_before),
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM judged_messages
WHERE
    messages.message_id = judged_messages.message_id
    AND messages.message_id = ANY(%(message_ids)s::bigint[])
    AND messages.state IN ('waiting', 'claimed')
RETURNING
    messages.message_id,
    messages.reason,
    messages.state
