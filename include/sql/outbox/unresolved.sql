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
        messages.message_id = attempts.message_id
        AND messages.lease_token = attempts.lease_token
        AND attempts.state = 'unknown'
LEFT JOIN contact.contact_points AS points
    ON
        messages.shop_id = points.shop_id
        AND messages.customer_id = points.customer_id
        AND messages.address_kind = points.kind
        AND messages.address_hash = points.address_hash
WHERE
    messages.realm = %(realm)s::text
    AND messages.shop_id = %(shop_id)s::text
    AND messages.state = 'unknown'
ORDER BY attempts.started_real_at, attempts.attempt_id
