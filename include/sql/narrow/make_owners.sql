-- purpose: whose the orders were that touched refunds and events name, and the time before they were known
-- grain:   one row per order and customer known in turn
-- params:  shop_id text
-- reads:   pg_temp.touched_refunds, pg_temp.touched_events, facts.refunds, facts.refunds_history, facts.inquiries,
--          facts.inquiries_history, facts.orders, facts.orders_history
-- writes:  pg_temp.owners
-- returns: nothing
CREATE TEMPORARY TABLE owners ON COMMIT DROP AS
WITH named AS (
    SELECT refunds.order_id
    FROM pg_temp.touched_refunds AS touched
    INNER JOIN facts.refunds AS refunds ON touched.refund_id = refunds.refund_id
    WHERE refunds.shop_id = %(shop_id)s::text
    UNION
    SELECT refunds.order_id
    FROM pg_temp.touched_refunds AS touched
    INNER JOIN facts.refunds_history AS refunds ON touched.refund_id = refunds.refund_id
    WHERE refunds.shop_id = %(shop_id)s::text
    UNION
    SELECT order_id
    FROM pg_temp.touched_events
    WHERE fact = 'review'
    UNION
    SELECT inquiries.order_id
    FROM pg_temp.touched_events AS touched
    INNER JOIN facts.inquiries AS inquiries ON touched.fact_id = inquiries.inquiry_id
    WHERE
        touched.fact = 'inquiry'
        AND inquiries.shop_id = %(shop_id)s::text
    UNION
    SELECT inquiries.order_id
    FROM pg_temp.touched_events AS touched
    INNER JOIN facts.inquiries_history AS inquiries ON touched.fact_id = inquiries.inquiry_id
    WHERE
        touched.fact = 'inquiry'
        AND inquiries.shop_id = %(shop_id)s::text
),

versions AS (
    SELECT
        orders.order_id,
        orders.customer_no,
        orders.known_at AS known_from,
        'infinity'::timestamptz AS known_until
    FROM named
    INNER JOIN facts.orders AS orders ON named.order_id = orders.order_id
    WHERE orders.shop_id = %(shop_id)s::text
    UNION ALL
    SELECT
        orders.order_id,
        orders.customer_no,
        orders.known_from,
        orders.known_until
    FROM named
    INNER JOIN facts.orders_history AS orders ON named.order_id = orders.order_id
    WHERE orders.shop_id = %(shop_id)s::text
),

firsts AS (
    SELECT
        order_id,
        min(known_from) AS known_from,
        min(customer_no) AS customer_no,
        min(customer_no) = max(customer_no) AS is_one
    FROM versions
    GROUP BY order_id
)

SELECT
    order_id,
    NULL AS customer_no,
    '-infinity'::timestamptz AS known_from,
    known_from AS known_until
FROM firsts
UNION ALL
SELECT
    order_id,
    customer_no,
    known_from,
    'infinity'::timestamptz AS known_until
FROM firsts
WHERE is_one
UNION ALL
SELECT
    versions.order_id,
    versions.customer_no,
    versions.known_from,
    versions.known_until
FROM versions
INNER JOIN firsts ON versions.order_id = firsts.order_id
WHERE NOT firsts.is_one
