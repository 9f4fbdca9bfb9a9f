-- purpose: reviews, late parcels, inquiries, complaints and visits that scope/changed gave, kept while all that is made
--          of them is made
-- grain:   one row per event
-- params:  since timestamptz
-- reads:   pg_temp.kept_events
-- writes:  nothing
-- returns: many
SELECT
    customer_no,
    kind,
    happened_at,
    amount
FROM pg_temp.kept_events
WHERE happened_at > %(since)s::timestamptz
