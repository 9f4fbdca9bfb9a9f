-- purpose: waiting messages whose planned day has passed, and that may go today
-- grain:   one row per message
-- params:  realm text, shop_id text, today date, tomorrow timestamptz
-- reads:   ledger.outbox, facts.merged_identities
-- writes:  nothing
-- returns: many
SELECT
    messages.message_id,
    facts.identity_of(messages.identity, 'infinity') AS identity,
    messages.purpose,
    messages.campaign_id,
    messages.planned_on
FROM ledger.outbox AS messages
WHERE
    messages.realm = %(realm)s::text
    AND messages.shop_id = %(shop_id)s::text
    AND messages.state = 'waiting'
    AND messages.planned_on < %(today)s::date
    AND messages.not_before < %(tomorrow)s::timestamptz
ORDER BY
    messages.purpose DESC,
    messages.not_after ASC,
    messages.message_id ASC
