-- purpose: succeeded refunds of the customers of pg_temp.changed_customers, as of an instant and by what was known
--          then
-- grain:   one row per succeeded refund
-- params:  shop_id text, as_of timestamptz, since timestamptz
-- reads:   record.refunds, pg_temp.changed_customers
-- writes:  nothing
-- returns: many
SELECT
    refunds.customer_no,
    refunds.happened_at,
    refunds.amount_minor
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN record.refunds AS refunds ON changed_customers.customer_no = refunds.customer_no
WHERE
    refunds.shop_id = %(shop_id)s::text
    AND refunds.happened_at <= %(as_of)s::timestamptz
    AND refunds.happened_at > %(since)s::timestamptz
    AND refunds.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND refunds.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
