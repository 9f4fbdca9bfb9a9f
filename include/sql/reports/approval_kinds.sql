-- purpose: what a run would send of a campaign, by step, channel and words
-- grain:   one row per step, channel, template, variant and locale
-- params:  run_no bigint, campaign_id text
-- reads:   ledger.message
-- writes:  nothing
-- returns: many
SELECT
    messages.step,
    messages.channel,
    messages.template,
    messages.variant,
    messages.locale,
    count(*) AS messages,
    count(*) FILTER (WHERE messages.state = 'waiting') AS waiting,
    min(messages.not_before) FILTER (WHERE messages.state = 'waiting') AS due_from,
    max(messages.not_after) FILTER (WHERE messages.state = 'waiting') AS due_until
FROM ledger.message AS messages
WHERE
    messages.enqueued_run_no = %(run_no)s::bigint
    AND messages.campaign_id = %(campaign_id)s::text
GROUP BY messages.step, messages.channel, messages.template, messages.variant, messages.locale
ORDER BY messages.step, messages.channel, messages.template, messages.variant, messages.locale
