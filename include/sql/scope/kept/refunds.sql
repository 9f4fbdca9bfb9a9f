-- purpose: succeeded refunds that scope/changed gave, kept while all that is made of them is made
-- grain:   one row per succeeded refund
-- params:  since timestamptz
-- reads:   pg_temp.kept_refunds
-- writes:  nothing
-- returns: many
SELECT
    customer_no,
    happened_at,
    amount_minor
FROM pg_temp.kept_refunds
WHERE happened_at > %(since)s::timestamptz
