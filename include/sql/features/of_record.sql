-- purpose: features of all customers of a shop as of an instant at or after its head, in one pass over the narrow facts
--          (an earlier instant needs the versions known then: of_facts); in four ranges of customers, for several cores
-- grain:   one row per customer with a paid order
-- params:  shop_id text, as_of timestamptz, cuts bigint[]
-- reads:   record.paid_orders, record.refunds
-- writes:  nothing
-- returns: many
SELECT
    %(shop_id)s::text AS shop_id,
    customer_no,
    first_paid_at,
    last_paid_at,
    order_count,
    paid_minor,
    refund_count,
    refund_minor,
    net_minor,
    %(as_of)s::timestamptz AS computed_as_of
FROM record.features_of_shop(%(shop_id)s::text, %(as_of)s::timestamptz, %(cuts)s::bigint[])
