-- purpose: plan waiting messages for today
-- grain:   one row per message
-- params:  message_ids bigint[], today date
-- reads:   nothing
-- writes:  ledger.outbox
-- returns: count
UPDATE ledger.outbox AS messages
SET planned_on = %(today)s::date
WHERE
    messages.message_id = ANY(%(message_ids)s::bigint[])
    AND messages.state = 'waiting'
