-- purpose: bring a shop's worklists to an instant, unless a later run has been there
-- grain:   one row per realm and shop
-- params:  realm text, shop_id text, as_of timestamptz
-- reads:   nothing
-- writes:  ledger.worklist_head
-- returns: count
INSERT INTO ledger.worklist_head AS heads (realm, shop_id, as_of)
VALUES (%(realm)s::text, %(shop_id)s::text, %(as_of)s::timestamptz)
ON CONFLICT (realm, shop_id) DO UPDATE
    SET as_of = excluded.as_of
    WHERE heads.as_of <= excluded.as_of
