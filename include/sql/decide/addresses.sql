-- purpose: by which phone and e-mail these customers may be reached at an instant: per kind the one known last, theirs
--          or of a customer they are one with by then, with the consent and suppression that speak for it
-- grain:   one row per customer and kind
-- params:  shop_id text, customer_ids text[], at timestamptz
-- reads:   contact.contact_points, contact.consents, contact.suppressions, contact.people, contact.people_history,
--          facts.customers, facts.merged_customers
-- writes:  nothing
-- returns: many
WITH found_points AS (
    SELECT
        points.*,
        points.customer_id AS asked_id
    FROM contact.points_as_of(%(shop_id)s::text, %(at)s::timestamptz) AS points
    WHERE points.customer_id = ANY(%(customer_ids)s::text[])
    UNION ALL
    SELECT
        points.*,
        merged.customer_id AS asked_id
    FROM facts.merged_accounts_as_of(%(shop_id)s::text, %(at)s::timestamptz) AS merged
    INNER JOIN contact.points_as_of(%(shop_id)s::text, %(at)s::timestamptz) AS points
        ON merged.account_id = points.customer_id
    WHERE merged.customer_id = ANY(%(customer_ids)s::text[])
),

newest_points AS (
    SELECT DISTINCT ON (points.asked_id, points.kind)
        points.shop_id,
        points.asked_id,
        points.customer_id,
        points.kind,
        points.address_hash,
        CASE points.kind WHEN 'phone' THEN 'sms' ELSE 'email' END AS channel
    FROM found_points AS points
    WHERE points.kind IN ('phone', 'email')
    ORDER BY points.asked_id ASC, points.kind ASC, points.known_at DESC, points.address_hash ASC, points.customer_id ASC
)

SELECT
    points.asked_id AS customer_id,
    points.customer_id AS holder_id,
    points.kind,
    points.channel,
    points.address_hash,
    (
        SELECT people.locale
        FROM contact.people_as_of(%(shop_id)s::text, %(at)s::timestamptz) AS people
        WHERE people.customer_id = points.customer_id
    ) AS locale,
    coalesce(suppressions.is_suppressed, false) AS is_suppressed,
    (
        SELECT jsonb_object_agg(latest.purpose, latest.is_granted)
        FROM (
            SELECT DISTINCT ON (consents.purpose)
                consents.purpose,
                consents.is_granted
            FROM contact.consents AS consents
            WHERE
                consents.shop_id = points.shop_id
                AND consents.address_hash = points.address_hash
                AND consents.channel = points.channel
                AND consents.happened_at <= %(at)s::timestamptz
                AND consents.known_at <= %(at)s::timestamptz
            ORDER BY consents.purpose ASC, consents.happened_at DESC, consents.consent_id DESC
        ) AS latest
    ) AS consents
FROM newest_points AS points
-- The latest row of a scope speaks; any scope that reaches the address is enough.
LEFT JOIN LATERAL ( -- noqa: ST05
    SELECT bool_or(scopes.is_suppressed) AS is_suppressed
    FROM (
        SELECT DISTINCT ON (listed.shop_id, listed.channel) listed.is_suppressed
        FROM contact.suppressions AS listed
        WHERE
            listed.address_hash = points.address_hash
            AND (listed.shop_id IS NULL OR listed.shop_id = points.shop_id)
            AND (listed.channel IS NULL OR listed.channel = points.channel)
            AND listed.happened_at <= %(at)s::timestamptz
            AND listed.known_at <= %(at)s::timestamptz
        ORDER BY listed.shop_id ASC, listed.channel ASC, listed.happened_at DESC, listed.suppression_id DESC
    ) AS scopes
) AS suppressions ON true
-- Of two locales their own comes last, and stays.
ORDER BY points.asked_id = points.customer_id, points.customer_id, points.kind
