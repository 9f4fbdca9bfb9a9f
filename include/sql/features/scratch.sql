-- purpose: features of all customers as of any instant, in a table of one run's own, shaped like the stored ones
-- grain:   one row per customer with a paid order
-- params:  scratch relation, features statement, shop_id text, as_of timestamptz
-- reads:   what the statement put in reads
-- writes:  the scratch table
-- returns: nothing
CREATE UNLOGGED TABLE IF NOT EXISTS __scratch__ AS
SELECT
    features.shop_id,
    features.customer_no,
    features.first_paid_at,
    features.last_paid_at,
    features.order_count,
    features.paid_minor,
    features.refund_count,
    features.refund_minor,
    features.net_minor,
    features.computed_as_of
FROM __features__ AS features
