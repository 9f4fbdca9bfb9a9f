-- purpose: versions of touched reviews, inquiries, complaints and visits that were replaced
-- grain:   one row per version
-- params:  shop_id text
-- reads:   pg_temp.touched_events, facts.reviews_history, facts.inquiries_history, facts.visits_history
-- writes:  nothing
-- returns: many
SELECT
    touched.event_id,
    'review' AS kind,
    reviews.order_id,
    NULL::bigint AS customer_no,
    reviews.happened_at,
    reviews.score::integer AS amount,
    reviews.known_from,
    reviews.known_until
FROM pg_temp.touched_events AS touched
INNER JOIN facts.reviews_history AS reviews
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
    inquiries.known_from,
    inquiries.known_until
FROM pg_temp.touched_events AS touched
INNER JOIN facts.inquiries_history AS inquiries ON touched.fact_id = inquiries.inquiry_id
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
    visits.known_from,
    visits.known_until
FROM pg_temp.touched_events AS touched
INNER JOIN facts.visits_history AS visits ON touched.fact_id = visits.visit_id
WHERE
    touched.fact = 'visit'
    AND visits.shop_id = %(shop_id)s::text
