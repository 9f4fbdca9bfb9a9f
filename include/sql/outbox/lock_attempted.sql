-- purpose: hold the messages of some attempts to the end of the transaction, before their attempts are written
-- grain:   none
-- params:  attempt_ids text[]
-- reads:   ledger.attempt
-- writes:  nothing
-- returns: nothing
-- Messages before attempts, in one order, as recover.sql takes them: a late answer meets it, and they would wait for
-- each other.
SELECT messages.message_id
FROM ledger.message AS messages
WHERE
    messages.message_id IN (
        SELECT attempts.message_id
        FROM ledger.attempt AS attempts
        WHERE attempts.attempt_id = ANY(%(attempt_ids)s::text[])
    )
ORDER BY messages.message_id
FOR UPDATE
