-- purpose: reviews, late parcels, inquiries, complaints and visits of the customers of pg_temp.changed_customers, as
--          of an instant and by what was known then
-- grain:   one row per event
-- params:  shop_id text, as_of timestamptz, since timestamptz
-- reads:   record.events, pg_temp.changed_customers
-- writes:  nothing
-- returns: many
SELECT
    events.customer_no,
    events.kind,
    events.happened_at,
    CASE WHEN events.settled_at > %(as_of)s::timestamptz THEN NULL ELSE events.amount END AS amount
FROM pg_temp.changed_customers AS changed_customers
INNER JOIN record.events AS events ON changed_customers.customer_no = events.customer_no
WHERE
    events.shop_id = %(shop_id)s::text
    AND events.happened_at <= %(as_of)s::timestamptz
    AND events.happened_at > %(since)s::timestamptz
    AND events.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND events.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
