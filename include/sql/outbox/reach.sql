-- purpose: cancel messages in hand or waiting whose address may not be written to now
-- grain:   one row per message cancelled
-- params:  message_ids bigint[], at timestamptz
-- reads:   contact.contact_points, contact.consents, contact.suppressions
-- writes:  ledger.outbox
-- returns: many
-- Everything on record counts, whatever the business clock says: an opt-out must never wait for a clock. Suppression
-- speaks per scope, and any scope that reaches the address is enough.
WITH judged_messages AS MATERIALIZED (
    SELECT
        messages.message_id,
        CASE
            WHEN NOT EXISTS (
                SELECT FROM contact.contact_points AS points
                WHERE
                    points.shop_id = messages.shop_id
                    AND points.customer_id = messages.customer_id
                    AND points.kind = messages.address_kind
                    AND points.address_hash = messages.address_hash
                    AND (points.expires_at IS NULL OR points.expires_at > %(at)s::timestamptz)
            ) THEN 'no_address'
            WHEN (
                SELECT bool_or(scopes.is_suppressed)
                FROM (
                    SELECT DISTINCT ON (suppressions.shop_id, suppressions.channel) suppressions.is_suppressed
                    FROM contact.suppressions AS suppressions
                    WHERE
                        suppressions.address_hash = messages.address_hash
                        AND (suppressions.shop_id IS NULL OR suppressions.shop_id = messages.shop_id)
                        AND (suppressions.channel IS NULL OR suppressions.channel = messages.channel)
                    ORDER BY
                        suppressions.shop_id ASC,
                        suppressions.channel ASC,
                        suppressions.happened_at DESC,
                        suppressions.suppression_id DESC
                ) AS scopes
            ) THEN 'suppressed'
            -- Without a statement the order itself stands for consent, for transactional messages alone.
            WHEN NOT coalesce(
                (
                    SELECT consents.is_granted
                    FROM contact.consents AS consents
                    WHERE
                        consents.shop_id = messages.shop_id
                        AND consents.address_hash = messages.address_hash
                        AND consents.channel = messages.channel
                        AND consents.purpose = messages.purpose
                    ORDER BY consents.happened_at DESC, consents.consent_id DESC
                    LIMIT 1
                ),
                messages.purpose = 'transactional'
            ) THEN 'no_consent'
        END AS reason
    FROM ledger.outbox AS messages
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.state IN ('waiting', 'claimed')
)

UPDATE ledger.outbox AS messages
SET
    state = 'cancelled',
    reason = judged_messages.reason,
    state_at = %(at)s::timestamptz,
    lease_until = NULL
FROM judged_messages
WHERE
    messages.message_id = judged_messages.message_id
    -- Without it, a planner that has not seen the queue yet goes through all that waits.
    AND messages.message_id = ANY(%(message_ids)s::bigint[])
    AND judged_messages.reason IS NOT NULL
    AND messages.state IN ('waiting', 'claimed')
RETURNING
    messages.message_id,
    messages.reason
