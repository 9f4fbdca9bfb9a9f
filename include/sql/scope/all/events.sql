-- purpose: reviews, late parcels, inquiries, complaints and visits of every customer of a shop, as of an instant and
--          by what was known then
-- grain:   one row per event
-- params:  shop_id text, as_of timestamptz, since timestamptz
-- reads:   record.events
-- writes:  nothing
-- returns: many
SELECT
    customer_no,
    kind,
    happened_at,
    CASE WHEN settled_at > %(as_of)s::timestamptz THEN NULL ELSE amount END AS amount
FROM record.events
WHERE
    shop_id = %(shop_id)s::text
    -- IS true keeps the index by time out: for a year back it read half of the heap at random, and sorted it.
    AND (happened_at <= %(as_of)s::timestamptz) IS true
    AND happened_at > %(since)s::timestamptz
    AND known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
