-- purpose: where the messages of a shop stand that runs since an instant put in the outbox
-- grain:   one row
-- params:  realm text, shop_id text, since timestamptz
-- reads:   ledger.run, ledger.message
-- writes:  nothing
-- returns: one
SELECT
    count(*) FILTER (WHERE messages.state IN ('waiting', 'claimed', 'sending')) AS messages_waiting,
    count(*) FILTER (WHERE messages.state = 'accepted') AS messages_accepted,
    count(*) FILTER (WHERE messages.state = 'rejected') AS messages_rejected,
    count(*) FILTER (WHERE messages.state = 'expired') AS messages_expired,
    count(*) FILTER (WHERE messages.state = 'cancelled') AS messages_cancelled,
    count(*) FILTER (WHERE messages.state IN ('unknown', 'abandoned')) AS messages_unknown
FROM ledger.run AS runs
INNER JOIN ledger.message AS messages ON runs.run_no = messages.enqueued_run_no
WHERE
    runs.realm = %(realm)s::text
    AND runs.shop_id = %(shop_id)s::text
    AND runs.as_of >= %(since)s::timestamptz
