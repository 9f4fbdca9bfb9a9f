-- purpose: succeeded refunds of the people of pg_temp.brand_people, all shops of a brand at once, as of an instant
--          and by what was known then
-- grain:   one row per succeeded refund
-- params:  as_of timestamptz, since timestamptz
-- reads:   record.refunds, pg_temp.brand_people
-- writes:  nothing
-- returns: many
SELECT
    brand_people.person_no AS customer_no,
    refunds.happened_at,
    refunds.amount_minor
FROM pg_temp.brand_people AS brand_people
INNER JOIN record.refunds AS refunds
    ON
        brand_people.shop_id = refunds.shop_id
        AND brand_people.customer_no = refunds.customer_no
WHERE
    refunds.happened_at <= %(as_of)s::timestamptz
    AND refunds.happened_at > %(since)s::timestamptz
    AND refunds.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND refunds.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
