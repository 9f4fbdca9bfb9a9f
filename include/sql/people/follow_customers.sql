-- purpose: whoever stood for the merged customer's facts, and that customer, stands for the survivor's from now on
-- grain:   one row per customer with a new survivor
-- params:  shop_id text, from_no bigint, into_no bigint, at timestamptz
-- reads:   nothing
-- writes:  facts.merged_customers
-- returns: count
-- A span that begins at this very instant was never known for any time: it only gets another survivor.
WITH ended_spans AS (
    UPDATE facts.merged_customers
    SET
        survivor_no = CASE WHEN known_from = %(at)s::timestamptz THEN %(into_no)s::bigint ELSE survivor_no END,
        known_until = CASE WHEN known_from = %(at)s::timestamptz THEN known_until ELSE %(at)s::timestamptz END
    WHERE
        survivor_no = %(from_no)s::bigint
        AND known_until = 'infinity'
    RETURNING customer_no, known_from
)

INSERT INTO facts.merged_customers (customer_no, shop_id, survivor_no, known_from)
SELECT
    followers.customer_no,
    %(shop_id)s::text AS shop_id,
    %(into_no)s::bigint AS survivor_no,
    %(at)s::timestamptz AS known_from
FROM (
    SELECT customer_no
    FROM ended_spans
    WHERE known_from < %(at)s::timestamptz
    UNION ALL
    SELECT %(from_no)s::bigint
) AS followers
