-- purpose: strike parcels of which a text is not true any more; cancel messages with none left
-- grain:   one row per message cancelled
-- params:  message_ids bigint[], at timestamptz
-- reads:   facts.shipments, facts.shipments_history, facts.tracking_events, facts.orders, facts.orders_history,
--          facts.refunds, facts.refunds_history, record.logistics
-- writes:  ledger.touch_cover, ledger.outbox
-- returns: many
-- What each step says has to hold when it goes: late: it is still past its day, no trouble has come up, and it has not
-- moved again since. problem: the trouble stands, or the promise is still the later one. moving: no trouble.
WITH open_messages AS (
    SELECT
        messages.message_id,
        messages.touch_id,
        messages.shop_id,
        messages.step,
        record.logistics_as_of(messages.shop_id, %(at)s::timestamptz) AS rules
    FROM ledger.outbox AS messages
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state IN ('waiting', 'claimed')
),

judged_covers AS (
    SELECT
        open_messages.message_id,
        covers.touch_id,
        covers.covered_id,
        CASE
            WHEN parcels.shipment_id IS NULL
                THEN facts.why_parcel_over(open_messages.shop_id, covers.covered_id, %(at)s::timestamptz)
            WHEN parcels.has_refund_asked THEN 'refund_asked'
            WHEN parcels.moved_state = 'ready_for_pickup' AND standings.problem IS NULL THEN 'ready_for_pickup'
            WHEN open_messages.step = 'problem'
                THEN
                    CASE
                        WHEN standings.problem IS NOT NULL THEN NULL
                        WHEN standings.late_from > %(at)s::timestamptz AND parcels.promised_at IS NOT NULL AND EXISTS (
                            SELECT FROM ledger.touch_cover AS earlier
                            INNER JOIN ledger.outbox AS own
                                ON
                                    own.message_id = open_messages.message_id
                                    AND earlier.realm = own.realm
                                    AND earlier.shop_id = own.shop_id
                                    AND earlier.campaign_id = own.campaign_id
                            WHERE
                                earlier.step = 'late'
                                AND earlier.covered_id = covers.covered_id
                                AND facts.is_promise_worse(
                                    parcels.shop_id, parcels.shipment_id, parcels.promised_at, earlier.covered_as_of
                                )
                        ) THEN NULL
                        ELSE 'problem_over'
                    END
            WHEN standings.problem IS NOT NULL THEN 'problem'
            WHEN open_messages.step = 'moving' THEN NULL
            WHEN standings.late_from > %(at)s::timestamptz THEN 'promised_anew'
            WHEN
                parcels.moved_at > covers.covered_as_of
                AND facts.stood_still(
                    parcels.shop_id, parcels.shipment_id, parcels.shipped_at, covers.covered_as_of, open_messages.rules
                )
                THEN 'moving'
        END AS struck_because
    FROM open_messages
    INNER JOIN ledger.touch_cover AS covers
        ON
            open_messages.touch_id = covers.touch_id
            AND covers.released_as_of IS NULL
    LEFT JOIN LATERAL facts.open_parcel_as_of(
        open_messages.shop_id, covers.covered_id, %(at)s::timestamptz
    ) AS parcels ON true
    LEFT JOIN LATERAL facts.parcel_standing(
        parcels, open_messages.rules, %(at)s::timestamptz
    ) AS standings ON parcels.shipment_id IS NOT NULL
),

struck_covers AS (
    UPDATE ledger.touch_cover AS covers
    SET
        released_as_of = %(at)s::timestamptz,
        release_reason = judged_covers.struck_because
    FROM judged_covers
    WHERE
        covers.touch_id = judged_covers.touch_id
        AND covers.covered_id = judged_covers.covered_id
        AND covers.released_as_of IS NULL
        AND judged_covers.struck_because IS NOT NULL
    RETURNING covers.touch_id
),

emptied_messages AS (
    SELECT
        open_messages.message_id,
        coalesce(min(judged_covers.struck_because), 'nothing_covered') AS reason
    FROM open_messages
    LEFT JOIN judged_covers ON open_messages.message_id = judged_covers.message_id
    GROUP BY open_messages.message_id
    HAVING count(judged_covers.covered_id) = count(judged_covers.struck_because)
)

UPDATE ledger.outbox AS messages
SET
    state = 'cancelled',
    reason = emptied_messages.reason,
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM emptied_messages
WHERE
    messages.message_id = emptied_messages.message_id
    AND messages.message_id = ANY(%(message_ids)s::bigint[])
    AND messages.state IN ('waiting', 'claimed')
RETURNING
    messages.message_id,
    messages.reason
