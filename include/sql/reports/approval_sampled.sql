-- purpose: texts of a campaign of a run that still wait, to be rendered for their length: some of each kind of words
-- grain:   one row per message sampled, at most per_kind a kind
-- params:  run_no bigint, campaign_id text, per_kind integer
-- reads:   ledger.message
-- writes:  nothing
-- returns: many
WITH placed_messages AS (
    SELECT
        messages.message_id,
        messages.step,
        messages.purpose,
        messages.template,
        messages.variant,
        messages.locale,
        row_number() OVER (
            PARTITION BY messages.step, messages.template, messages.variant, messages.locale
            ORDER BY messages.message_id
        ) AS place,
        count(*) OVER (
            PARTITION BY messages.step, messages.template, messages.variant, messages.locale
        ) AS kind_messages
    FROM ledger.message AS messages
    WHERE
        messages.enqueued_run_no = %(run_no)s::bigint
        AND messages.campaign_id = %(campaign_id)s::text
        AND messages.channel = 'sms'
        AND messages.state = 'waiting'
)

SELECT
    message_id,
    step,
    purpose,
    template,
    variant,
    locale,
    kind_messages
FROM placed_messages
WHERE place <= %(per_kind)s::integer
ORDER BY message_id
