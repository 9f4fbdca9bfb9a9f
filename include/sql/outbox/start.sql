-- purpose: commit one group to being sent: attempts are written and addresses handed out, for rows still in our hand
-- grain:   one row per attempt
-- params:  message_ids bigint[], lease_tokens bigint[], attempt_ids text[], rendered_hashes text[], template_versions
--          text[], group_id text, provider text, at timestamptz, lease interval
-- reads:   contact.contact_points
-- writes:  ledger.message, ledger.attempt
-- returns: many
WITH given_messages AS (
    SELECT given.*
    FROM unnest(
        %(message_ids)s::bigint[],
        %(lease_tokens)s::bigint[],
        %(attempt_ids)s::text[],
        %(rendered_hashes)s::text[],
        %(template_versions)s::text[]
    ) AS given (message_id, lease_token, attempt_id, rendered_hash, template_version)
),

started_messages AS (
    UPDATE ledger.message AS messages
    SET
        state = 'sending',
        state_at = %(at)s::timestamptz,
        lease_until = clock_timestamp() + %(lease)s::interval,
        rendered_at = %(at)s::timestamptz,
        rendered_hash = given_messages.rendered_hash,
        template_version = given_messages.template_version
    FROM given_messages
    CROSS JOIN contact.contact_points AS points
    WHERE
        messages.message_id = given_messages.message_id
        AND messages.message_id = ANY(%(message_ids)s::bigint[])
        AND points.shop_id = messages.shop_id
        AND points.customer_id = messages.customer_id
        AND points.kind = messages.address_kind
        AND points.address_hash = messages.address_hash
        AND messages.lease_token = given_messages.lease_token
        AND messages.state = 'claimed'
        AND messages.lease_until > clock_timestamp()
    RETURNING
        messages.message_id,
        messages.lease_token,
        messages.channel,
        messages.address_hash,
        given_messages.attempt_id,
        points.address
),

written_attempts AS (
    INSERT INTO ledger.attempt (
        attempt_id, message_id, try_no, group_id, lease_token, channel, provider, address_hash, started_real_at,
        started_at
    )
    SELECT
        started_messages.attempt_id,
        started_messages.message_id,
        1 + (
            SELECT count(*)
            FROM ledger.attempt AS earlier
            WHERE earlier.message_id = started_messages.message_id
        ) AS try_no,
        %(group_id)s::text,
        started_messages.lease_token,
        started_messages.channel,
        %(provider)s::text,
        started_messages.address_hash,
        clock_timestamp() AS started_real_at,
        %(at)s::timestamptz
    FROM started_messages
)

SELECT
    message_id,
    attempt_id,
    address
FROM started_messages
