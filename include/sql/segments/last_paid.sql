-- purpose: when a shop's customers last paid an order, as of an instant; empty before the first
-- grain:   one row
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: one
SELECT max(purchases.paid_at) AS paid_at
FROM __purchases__ AS purchases
