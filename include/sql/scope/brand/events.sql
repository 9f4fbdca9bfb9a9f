-- purpose: reviews, late parcels, inquiries, complaints and visits of the people of pg_temp.brand_people, all shops
--          of a brand at once, as of an instant and by what was known then
-- grain:   one row per event
-- params:  as_of timestamptz, since timestamptz
-- reads:   record.events, pg_temp.brand_people
-- writes:  nothing
-- returns: many
SELECT
    brand_people.person_no AS customer_no,
    events.kind,
    events.happened_at,
    CASE WHEN events.settled_at > %(as_of)s::timestamptz THEN NULL ELSE events.amount END AS amount
FROM pg_temp.brand_people AS brand_people
INNER JOIN record.events AS events
    ON
        brand_people.shop_id = events.shop_id
        AND brand_people.customer_no = events.customer_no
WHERE
    events.happened_at <= %(as_of)s::timestamptz
    AND events.happened_at > %(since)s::timestamptz
    AND events.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND events.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
