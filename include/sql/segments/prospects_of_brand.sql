-- purpose: how many people of pg_temp.brand_people had not paid an order at any of the brand's shops by an instant
-- grain:   one row
-- params:  features relation, as_of timestamptz
-- reads:   the features, facts.customers, record.paid_orders, pg_temp.brand_people
-- writes:  nothing
-- returns: one
SELECT count(DISTINCT known.person_no) AS customers
FROM pg_temp.brand_people AS known
INNER JOIN facts.customers AS customers ON known.customer_no = customers.customer_no
WHERE
    customers.known_at <= %(as_of)s::timestamptz
    AND NOT EXISTS (
        SELECT FROM __features__ AS paying
        WHERE paying.customer_no = known.person_no
    )
    -- Who paid before the window of the features has none, and is no prospect.
    AND NOT EXISTS (
        SELECT FROM pg_temp.brand_people AS theirs
        WHERE
            theirs.person_no = known.person_no
            AND record.has_paid(theirs.shop_id, theirs.customer_no, %(as_of)s::timestamptz)
    )
