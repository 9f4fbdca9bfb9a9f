-- purpose: features of all customers of a shop as of an instant, for the rest of the transaction
-- grain:   one row per customer with a paid order
-- params:  features statement, shop_id text, as_of timestamptz
-- reads:   what the statement put in reads
-- writes:  pg_temp.customers_as_of
-- returns: nothing
CREATE TEMPORARY TABLE customers_as_of ON COMMIT DROP AS
SELECT
    features.shop_id,
    features.customer_no,
    features.first_paid_at,
    features.last_paid_at,
    features.order_count,
    features.paid_minor,
    features.refund_count,
    features.refund_minor,
    features.net_minor
FROM __features__ AS features
