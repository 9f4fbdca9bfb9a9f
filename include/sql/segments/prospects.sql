-- purpose: how many customers of a shop had not paid an order by an instant; guests are left out, and who had been
--          merged into another by then
-- grain:   one row
-- params:  features relation, shop_id text, as_of timestamptz
-- reads:   the features, record.paid_orders, facts.customers, facts.merged_customers
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
    -- As record.has_paid, which costs more to call than to look. Limited, so that only those left over are looked up.
    AND NOT EXISTS (
        SELECT FROM record.paid_orders AS bought
        WHERE
            bought.shop_id = %(shop_id)s::text
            AND bought.customer_no = known.customer_no
            AND bought.paid_at <= %(as_of)s::timestamptz
            AND bought.known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
            AND bought.known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
        LIMIT 1 -- noqa: AM09
    )
    AND NOT EXISTS (
        SELECT FROM facts.merged_customers AS merged
        WHERE
            merged.customer_no = known.customer_no
            AND merged.known_from <= %(as_of)s::timestamptz
            AND merged.known_until > %(as_of)s::timestamptz
    )
