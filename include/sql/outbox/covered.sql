-- purpose: what messages in hand speak of
-- grain:   one row per message and order or parcel it covers
-- params:  message_ids bigint[]
-- reads:   ledger.outbox, ledger.touch_cover
-- writes:  nothing
-- returns: many
SELECT
    messages.message_id,
    covers.covered_id
FROM ledger.outbox AS messages
INNER JOIN ledger.touch_cover AS covers
    ON
        messages.touch_id = covers.touch_id
        AND covers.released_as_of IS NULL
WHERE messages.message_id = ANY(%(message_ids)s::bigint[])
ORDER BY messages.message_id, covers.covered_id
