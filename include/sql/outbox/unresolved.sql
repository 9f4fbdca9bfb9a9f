-- purpose: attempts that may or may not have reached the provider
-- grain:   one row per unknown attempt
-- params:  realm text, shop_id text
-- reads:   ledger.message, ledger.attempt, contact.contact_points
-- writes:  nothing
-- returns: many
SELECT
    attempts.attempt_id,
    attempts.group_id,
    attempts.channel,
    attempts.address_hash,
    attempts.started_real_at,
    attempts.queries,
    points.address
FROM ledger.message AS messages
INNER JOIN ledger.attempt AS attempts
    ON
        attempts.message_id = messages.message_id
        AND attempts.lease_token = messages.lease_token
        AND attempts.state = 'unknown'
LEFT JOIN contact.contact_points AS points
    ON
        points.shop_id = messages.shop_id
        AND points.customer_id = messages.customer_id
        AND points.kind = messages.address_kind
        AND points.address_hash = messages.address_hash
WHERE
    messages.realm = %(realm)s::text
    AND messages.shop_id = %(shop_id)s::text
    AND messages.state = 'unknown'
ORDER BY attempts.started_real_at, attempts.attempt_id
