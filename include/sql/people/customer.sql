-- purpose: a customer with who they are as of an instant, and whom they stand for
-- grain:   the customer, if there is one of that id
-- params:  shop_id text, customer_id text, as_of timestamptz
-- reads:   facts.customers, facts.merged_customers, facts.merged_identities
-- writes:  nothing
-- returns: maybe
SELECT
    customers.customer_no,
    customers.customer_id,
    customers.identity,
    customers.is_guest,
    survivors.customer_id AS survivor_id
FROM facts.customers_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS customers
INNER JOIN facts.customers AS survivors ON customers.survivor_no = survivors.customer_no
WHERE customers.customer_id = %(customer_id)s::text
