-- purpose: who paid an order after an instant and not after another, by what is known as_of
-- grain:   one row per customer
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, until timestamptz
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
SELECT DISTINCT purchases.customer_no
FROM __purchases__ AS purchases
WHERE purchases.paid_at <= %(until)s::timestamptz
