-- purpose: features of all customers of a shop as of an instant, in a table that lives as long as the transaction
--          wants it
-- grain:   one row per customer with a paid order
-- params:  customers relation, features statement, shop_id text, as_of timestamptz, cuts bigint[]
-- reads:   what the statement put in reads
-- writes:  the customers table
-- returns: nothing
CREATE UNLOGGED TABLE __customers__ AS
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
