-- purpose: one claim at a time gives out an offer's slots; held to the end of the transaction
-- grain:   none
-- params:  message_ids bigint[]
-- reads:   ledger.outbox
-- writes:  nothing
-- returns: nothing
-- A statement of its own: what follows must see what the claim before has given out. In one order, so that two claims
-- of several offers wait for each other in one direction.
SELECT pg_advisory_xact_lock(hashtextextended('offer ' || realm || ' ' || shop_id || ' ' || offer_id, 0))
FROM (
    SELECT DISTINCT
        messages.realm,
        messages.shop_id,
        messages.offer_id
    FROM ledger.outbox AS messages
    WHERE
        messages.message_id = ANY(%(message_ids)s::bigint[])
        AND messages.offer_id IS NOT NULL
    ORDER BY messages.realm, messages.shop_id, messages.offer_id
) AS offers
