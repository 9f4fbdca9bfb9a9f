-- purpose: hold promotions while their reader waits for a parcel that is late or in trouble
-- grain:   one row per message put back, or cancelled because its time ends before the next look
-- params:  message_ids bigint[], at timestamptz
-- reads:   facts.customers, facts.merged_identities, what facts.has_parcel_trouble reads
-- writes:  ledger.outbox
-- returns: many
-- Claimed messages alone: one that only waits needs no holding. The planned day stays, so that the caps of that day
-- hold; a day that has passed is planned anew within the caps by the sweep, and not_after ends it all.
WITH held_messages AS (
    SELECT
        messages.message_id,
        messages.not_after > %(at)s::timestamptz + interval '3 hours' AS has_time
    FROM ledger.outbox AS messages
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state = 'claimed'
        AND messages.purpose = 'promotional'
        -- The person, whatever the shop calls them: a parcel may be another customer row's of theirs.
        AND EXISTS (
            SELECT FROM facts.identities_of(messages.identity, 'infinity') AS names
            INNER JOIN facts.customers AS customers ON names.identity = customers.identity
            WHERE
                customers.shop_id = messages.shop_id
                AND facts.has_parcel_trouble(messages.shop_id, customers.customer_no, %(at)s::timestamptz)
        )
)

UPDATE ledger.outbox AS messages
SET
    state = CASE WHEN held_messages.has_time THEN 'waiting' ELSE 'cancelled' END,
    not_before = CASE
        WHEN held_messages.has_time THEN %(at)s::timestamptz + interval '3 hours' ELSE messages.not_before
    END,
    reason = 'parcel_trouble',
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM held_messages
WHERE
    messages.message_id = held_messages.message_id
    AND messages.message_id = ANY(%(message_ids)s::bigint[])
    AND messages.state = 'claimed'
RETURNING
    messages.message_id,
    messages.reason,
    messages.state
