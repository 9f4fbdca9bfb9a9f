-- purpose: order-bound handles of a batch that are not kept yet
-- grain:   one row per order and handle
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean
-- reads:   landing."order", contact.contact_points
-- writes:  nothing
-- returns: many
SELECT DISTINCT ON (handles.customer_id, handles.oaid)
    handles.customer_id,
    handles.order_id,
    handles.oaid,
    handles.known_at::text AS known_at
FROM (
    SELECT
        good_lines.customer_id,
        good_lines.order_id,
        good_lines.oaid,
        CASE
            WHEN %(is_history)s::boolean THEN good_lines.created_at::timestamptz
            ELSE %(as_of)s::timestamptz
        END AS known_at
    FROM landing."order" AS good_lines
    WHERE
        good_lines.batch_id = %(batch_id)s::bigint
        AND good_lines.oaid IS NOT NULL
        AND good_lines.customer_id IS NOT NULL
) AS handles
WHERE
    NOT EXISTS (
        SELECT 1
        FROM contact.contact_points AS points
        WHERE
            points.shop_id = %(shop_id)s::text
            AND points.customer_id = handles.customer_id
            AND points.kind = 'oaid'
            AND points.address = handles.oaid
    )
ORDER BY handles.customer_id, handles.oaid, handles.known_at, handles.order_id
