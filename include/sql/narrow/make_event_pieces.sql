-- purpose: touched reviews, inquiries, complaints and visits with their customer as far as known; guests left out
-- grain:   one row per version and owner of its order
-- params:  replaced statement, shop_id text
-- reads:   pg_temp.touched_events, pg_temp.owners, facts.reviews, facts.reviews_history, facts.inquiries,
--          facts.inquiries_history, facts.visits, facts.visits_history, facts.customers
-- writes:  pg_temp.event_pieces
-- returns: nothing
CREATE TEMPORARY TABLE event_pieces ON COMMIT DROP AS
WITH current_versions AS (
    SELECT
        touched.event_id,
        'review' AS kind,
        reviews.order_id,
        NULL::bigint AS customer_no,
        reviews.happened_at,
        reviews.score::integer AS amount,
        reviews.known_at AS known_from
    FROM pg_temp.touched_events AS touched
    INNER JOIN facts.reviews AS reviews
        ON
            touched.order_id = reviews.order_id
            AND touched.fact_id = reviews.review_id
    WHERE
        touched.fact = 'review'
        AND reviews.shop_id = %(shop_id)s::text
    UNION ALL
    SELECT
        touched.event_id,
        inquiries.kind,
        inquiries.order_id,
        inquiries.customer_no,
        inquiries.happened_at,
        NULL AS amount,
        inquiries.known_at AS known_from
    FROM pg_temp.touched_events AS touched
    INNER JOIN facts.inquiries AS inquiries ON touched.fact_id = inquiries.inquiry_id
    WHERE
        touched.fact = 'inquiry'
        AND inquiries.shop_id = %(shop_id)s::text
    UNION ALL
    SELECT
        touched.event_id,
        'visit' AS kind,
        NULL AS order_id,
        visits.customer_no,
        visits.happened_at,
        visits.seconds AS amount,
        visits.known_at AS known_from
    FROM pg_temp.touched_events AS touched
    INNER JOIN facts.visits AS visits ON touched.fact_id = visits.visit_id
    WHERE
        touched.fact = 'visit'
        AND visits.shop_id = %(shop_id)s::text
),

versions AS (
    SELECT
        current_versions.*,
        'infinity'::timestamptz AS known_until
    FROM current_versions
    UNION ALL
    SELECT replaced.*
    FROM __replaced__ AS replaced
)

SELECT
    customers.customer_no,
    versions.happened_at,
    NULL::timestamptz AS settled_at,
    versions.amount,
    versions.kind,
    versions.event_id,
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
    ON customers.customer_no = coalesce(versions.customer_no, owners.customer_no)
WHERE NOT customers.is_guest
