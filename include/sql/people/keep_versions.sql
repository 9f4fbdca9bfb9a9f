-- purpose: keep the versions of a customer's facts that are about to change their customer, known until they do
-- grain:   one row per replaced version
-- params:  shop_id text, from_no bigint, at timestamptz, fact relation, history relation, others columns
-- reads:   the fact
-- writes:  the history
-- returns: count
INSERT INTO __history__ (customer_no, __others__, known_from, known_until)
SELECT
    currents.customer_no,
    __currents.others__,
    currents.known_at AS known_from,
    %(at)s::timestamptz AS known_until
FROM __fact__ AS currents
WHERE
    currents.shop_id = %(shop_id)s::text
    AND currents.customer_no = %(from_no)s::bigint
    AND currents.known_at < %(at)s::timestamptz
