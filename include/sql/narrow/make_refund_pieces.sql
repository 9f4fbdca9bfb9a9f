-- purpose: touched refunds that succeeded, with their customer as far as known: that of the order, else the one the
--          refund names; guests left out
-- grain:   one row per version of a refund and owner of its order
-- params:  shop_id text
-- reads:   pg_temp.touched_refunds, pg_temp.owners, facts.refunds, facts.refunds_history, facts.customers
-- writes:  pg_temp.refund_pieces
-- returns: nothing
CREATE TEMPORARY TABLE refund_pieces ON COMMIT DROP AS
WITH versions AS (
    SELECT
        refunds.refund_id,
        refunds.order_id,
        refunds.customer_no,
        refunds.state,
        refunds.happened_at,
        refunds.amount_minor,
        refunds.known_at AS known_from,
        'infinity'::timestamptz AS known_until
    FROM pg_temp.touched_refunds AS touched
    INNER JOIN facts.refunds AS refunds ON touched.refund_id = refunds.refund_id
    WHERE refunds.shop_id = %(shop_id)s::text
    UNION ALL
    SELECT
        refunds.refund_id,
        refunds.order_id,
        refunds.customer_no,
        refunds.state,
        refunds.happened_at,
        refunds.amount_minor,
        refunds.known_from,
        refunds.known_until
    FROM pg_temp.touched_refunds AS touched
    INNER JOIN facts.refunds_history AS refunds ON touched.refund_id = refunds.refund_id
    WHERE refunds.shop_id = %(shop_id)s::text
)

SELECT
    customers.customer_no,
    versions.happened_at,
    versions.amount_minor,
    versions.refund_id,
    greatest(versions.known_from, owners.known_from) AS known_from,
    least(versions.known_until, owners.known_until) AS known_until,
    false AS is_whole
FROM versions
LEFT JOIN pg_temp.owners AS owners
    ON
        versions.order_id = owners.order_id
        AND versions.known_until > owners.known_from
        AND versions.known_from < owners.known_until
INNER JOIN facts.customers AS customers
    ON customers.customer_no = coalesce(owners.customer_no, versions.customer_no)
WHERE
    versions.state = 'succeeded'
    AND NOT customers.is_guest
