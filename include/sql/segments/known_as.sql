-- purpose: the customer a shop knows by an id at an instant, or the one they were merged into by then
-- grain:   the customer, if there is one
-- params:  shop_id text, customer_id text, as_of timestamptz
-- reads:   facts.customers, facts.merged_customers, record.paid_orders
-- writes:  nothing
-- returns: maybe
SELECT
    customers.customer_no,
    customers.customer_id,
    customers.is_guest,
    record.has_paid(%(shop_id)s::text, customers.customer_no, %(as_of)s::timestamptz) AS has_paid
FROM facts.customers_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS asked
INNER JOIN facts.customers AS customers ON asked.survivor_no = customers.customer_no
WHERE
    asked.customer_id = %(customer_id)s::text
    AND customers.known_at <= %(as_of)s::timestamptz
