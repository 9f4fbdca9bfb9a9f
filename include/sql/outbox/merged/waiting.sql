-- purpose: what still waits for a person, the most urgent first
-- grain:   one row per message
-- params:  realm text, identity uuid, today date
-- reads:   ledger.outbox, facts.merged_identities
-- writes:  nothing
-- returns: many
SELECT
    messages.message_id,
    messages.purpose,
    messages.campaign_id,
    messages.planned_on
FROM facts.identities_of(%(identity)s::uuid, 'infinity') AS names
INNER JOIN ledger.outbox AS messages ON names.identity = messages.identity
WHERE
    messages.realm = %(realm)s::text
    AND messages.state = 'waiting'
    AND messages.planned_on >= %(today)s::date
ORDER BY
    messages.purpose DESC,
    messages.planned_on ASC,
    messages.not_after ASC,
    messages.message_id ASC
