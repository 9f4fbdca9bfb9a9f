-- purpose: stop a realm's business clock at an instant
-- grain:   one row
-- params:  realm text, at timestamptz
-- reads:   nothing
-- writes:  ledger.business_clock
-- returns: count
INSERT INTO ledger.business_clock (realm, at)
VALUES (%(realm)s::text, %(at)s::timestamptz)
ON CONFLICT (realm) DO UPDATE
    SET at = excluded.at
