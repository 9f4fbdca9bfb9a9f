-- purpose: a few messages of a run to render again, of every channel and of as many kinds as there are
-- grain:   one row per sampled message, at most per_campaign a campaign
-- params:  run_no bigint, per_campaign integer
-- reads:   ledger.message, contact.contact_points
-- writes:  nothing
-- returns: many
WITH placed_in_kind AS (
    SELECT
        messages.message_id,
        messages.campaign_id,
        messages.channel,
        row_number() OVER (
            PARTITION BY
                messages.campaign_id, messages.channel, messages.template, messages.variant, messages.locale
            ORDER BY messages.state = 'accepted' DESC, messages.message_id ASC
        ) AS place_in_kind
    FROM ledger.message AS messages
    WHERE messages.enqueued_run_no = %(run_no)s::bigint
),

placed_in_channel AS (
    SELECT
        message_id,
        campaign_id,
        row_number() OVER (
            PARTITION BY campaign_id, channel ORDER BY place_in_kind, message_id
        ) AS place_in_channel
    FROM placed_in_kind
    WHERE place_in_kind <= %(per_campaign)s::integer
),

ranked_messages AS (
    SELECT
        messages.*,
        row_number() OVER (
            PARTITION BY messages.campaign_id ORDER BY placed.place_in_channel, messages.message_id
        ) AS place
    FROM placed_in_channel AS placed
    INNER JOIN ledger.message AS messages ON placed.message_id = messages.message_id
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
