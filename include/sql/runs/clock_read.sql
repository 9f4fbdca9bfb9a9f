-- purpose: the instant a realm's business clock stands at, if it was stopped
-- grain:   one row or none
-- params:  realm text
-- reads:   ledger.business_clock
-- writes:  nothing
-- returns: maybe
SELECT at
FROM ledger.business_clock
WHERE realm = %(realm)s::text
