-- purpose: the messages of two persons who are about to be one that have not gone yet, held until the transaction ends
-- grain:   one row per message
-- params:  identities uuid[]
-- reads:   ledger.outbox, facts.merged_identities
-- writes:  nothing
-- returns: many
SELECT messages.message_id
FROM facts.names_of(%(identities)s::uuid[], 'infinity') AS names
INNER JOIN ledger.outbox AS messages ON names.identity = messages.identity
WHERE messages.state IN ('waiting', 'claimed')
ORDER BY messages.message_id
FOR UPDATE OF messages
