-- purpose: how many customers of a shop had not paid an order by an instant; guests are left out, and who had been
--          merged into another by then
-- grain:   one row
-- params:  features relation, shop_id text, as_of timestamptz
-- reads:   the features, facts.customers, facts.merged_customers
-- writes:  nothing
-- returns: one
SELECT count(*) AS customers
FROM facts.customers AS known
WHERE
    known.shop_id = %(shop_id)s::text
    AND known.known_at <= %(as_of)s::timestamptz
    AND NOT known.is_guest
    AND NOT EXISTS (
        SELECT FROM __features__ AS paying
        WHERE
            paying.shop_id = known.shop_id
            AND paying.customer_no = known.customer_no
    )
    -- Who paid before the window of the features has none, and is no prospect.
    AND NOT record.has_paid(%(shop_id)s::text, known.customer_no, %(as_of)s::timestamptz)
    AND NOT EXISTS (
        SELECT FROM facts.merged_customers AS merged
        WHERE
            merged.customer_no = known.customer_no
            AND merged.known_from <= %(as_of)s::timestamptz
            AND merged.known_until > %(as_of)s::timestamptz
    )
