-- purpose: let a realm's business clock follow the real one again
-- grain:   one row or none
-- params:  realm text
-- reads:   nothing
-- writes:  ledger.business_clock
-- returns: count
DELETE FROM ledger.business_clock
WHERE realm = %(realm)s::text
