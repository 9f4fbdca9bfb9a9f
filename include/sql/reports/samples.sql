-- purpose: a few messages of a run to render again, of as many kinds (channel, template, locale) as there are
-- grain:   one row per sampled message, at most per_campaign a campaign
-- params:  run_no bigint, per_campaign integer
-- reads:   ledger.message, contact.contact_points
-- writes:  nothing
-- returns: many
WITH run_messages AS (
    SELECT
        messages.message_id,
        row_number() OVER (
            PARTITION BY
                messages.campaign_id, messages.channel, messages.template, messages.variant, messages.locale
            ORDER BY (messages.state = 'accepted') DESC, messages.message_id
        ) AS place_in_kind
    FROM ledger.message AS messages
    WHERE messages.enqueued_run_no = %(run_no)s::bigint
),

ranked_messages AS (
    SELECT
        messages.*,
        row_number() OVER (
            PARTITION BY messages.campaign_id ORDER BY kinds.place_in_kind, messages.message_id
        ) AS place
    FROM run_messages AS kinds
    INNER JOIN ledger.message AS messages ON kinds.message_id = messages.message_id
    WHERE kinds.place_in_kind <= %(per_campaign)s::integer
)

SELECT
    messages.message_id,
    messages.campaign_id,
    messages.step,
    messages.purpose,
    messages.channel,
    messages.template,
    messages.variant,
    messages.locale,
    messages.state,
    messages.reason,
    messages.state_at,
    messages.not_before,
    messages.not_after,
    messages.rendered_at,
    messages.rendered_hash,
    messages.segments,
    messages.address_kind,
    points.address,
    coalesce(points.is_synthetic, false) AS is_synthetic
FROM ranked_messages AS messages
LEFT JOIN contact.contact_points AS points
    ON
        messages.shop_id = points.shop_id
        AND messages.customer_id = points.customer_id
        AND messages.address_kind = points.kind
        AND messages.address_hash = points.address_hash
WHERE messages.place <= %(per_campaign)s::integer
ORDER BY messages.campaign_id, messages.place
