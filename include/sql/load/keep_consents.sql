-- purpose: keep the statements of consent found in a batch; a refusal without a time counts where there
--          was a consent to withdraw
-- grain:   one row per new statement
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean,
--          found relation
-- reads:   the found consents, contact.consents
-- writes:  contact.consents
-- returns: count
INSERT INTO contact.consents (
    shop_id, address_hash, channel, purpose, is_granted, happened_at, known_at, method, batch_id
)
SELECT
    %(shop_id)s::text AS shop_id,
    found.address_hash,
    found.channel,
    'promotional' AS purpose,
    found.is_granted,
    coalesce(found.happened_at, %(snapshot_at)s::timestamptz) AS happened_at,
    CASE
        WHEN %(is_history)s::boolean THEN coalesce(found.happened_at, %(snapshot_at)s::timestamptz)
        ELSE %(as_of)s::timestamptz
    END AS known_at,
    found.method,
    %(batch_id)s::bigint AS batch_id
FROM __found__ AS found
WHERE
    found.happened_at IS NOT NULL
    OR (
        SELECT latest.is_granted
        FROM contact.consents AS latest
        WHERE
            latest.shop_id = %(shop_id)s::text
            AND latest.address_hash = found.address_hash
            AND latest.channel = found.channel
            AND latest.purpose = 'promotional'
        ORDER BY latest.happened_at DESC, latest.consent_id DESC
        LIMIT 1
    )
ON CONFLICT (shop_id, address_hash, channel, purpose, happened_at, is_granted) DO NOTHING
