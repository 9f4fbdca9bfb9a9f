-- purpose: how many messages of a shop went out while a run ran, whichever run had enqueued them
-- grain:   one row
-- params:  run_no bigint
-- reads:   ledger.run, ledger.attempt, ledger.message
-- writes:  nothing
-- returns: one
SELECT count(*) AS messages
FROM ledger.run AS runs
INNER JOIN ledger.attempt AS attempts
    ON
        runs.begun_real_at <= attempts.started_real_at
        AND (runs.ended_real_at IS NULL OR runs.ended_real_at >= attempts.started_real_at)
INNER JOIN ledger.message AS messages
    ON
        attempts.message_id = messages.message_id
        AND runs.realm = messages.realm
        AND runs.shop_id = messages.shop_id
WHERE
    runs.run_no = %(run_no)s::bigint
    AND attempts.state = 'accepted'
