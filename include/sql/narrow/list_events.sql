-- purpose: reviews, inquiries and visits that came in, and those of orders that did: these say whose they are
-- grain:   one row per review, inquiry or visit
-- params:  shop_id text, batch_ids bigint[], is_all boolean
-- reads:   facts.reviews, facts.inquiries, facts.visits, facts.orders
-- writes:  pg_temp.touched_events
-- returns: count
CREATE TEMPORARY TABLE touched_events ON COMMIT DROP AS
WITH touched_orders AS (
    SELECT order_id
    FROM facts.orders
    WHERE
        NOT %(is_all)s::boolean
        AND batch_id = ANY(%(batch_ids)s::bigint[])
        AND shop_id = %(shop_id)s::text
),

found AS (
    SELECT
        'review' AS fact,
        order_id,
        review_id AS fact_id
    FROM facts.reviews
    WHERE
        shop_id = %(shop_id)s::text
        AND (%(is_all)s::boolean OR batch_id = ANY(%(batch_ids)s::bigint[]))
    UNION
    SELECT
        'review' AS fact,
        reviews.order_id,
        reviews.review_id AS fact_id
    FROM touched_orders
    INNER JOIN facts.reviews AS reviews ON touched_orders.order_id = reviews.order_id
    WHERE reviews.shop_id = %(shop_id)s::text
    UNION
    SELECT
        'inquiry' AS fact,
        '' AS order_id,
        inquiry_id AS fact_id
    FROM facts.inquiries
    WHERE
        shop_id = %(shop_id)s::text
        AND (%(is_all)s::boolean OR batch_id = ANY(%(batch_ids)s::bigint[]))
    UNION
    SELECT
        'inquiry' AS fact,
        '' AS order_id,
        inquiries.inquiry_id AS fact_id
    FROM touched_orders
    INNER JOIN facts.inquiries AS inquiries ON touched_orders.order_id = inquiries.order_id
    WHERE inquiries.shop_id = %(shop_id)s::text
    UNION
    SELECT
        'inquiry' AS fact,
        '' AS order_id,
        inquiries.inquiry_id AS fact_id
    FROM touched_orders
    INNER JOIN facts.inquiries_history AS inquiries ON touched_orders.order_id = inquiries.order_id
    WHERE inquiries.shop_id = %(shop_id)s::text
    UNION
    SELECT
        'visit' AS fact,
        '' AS order_id,
        visit_id AS fact_id
    FROM facts.visits
    WHERE
        shop_id = %(shop_id)s::text
        AND (%(is_all)s::boolean OR batch_id = ANY(%(batch_ids)s::bigint[]))
)

SELECT
    fact,
    order_id,
    fact_id,
    CASE fact
        WHEN 'review' THEN 'r:' || order_id || ':' || fact_id
        WHEN 'inquiry' THEN 'i:' || fact_id
        ELSE 'v:' || fact_id
    END AS event_id
FROM found
