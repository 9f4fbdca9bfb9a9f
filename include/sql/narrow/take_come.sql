-- purpose: note, and take out, those whose versions begin or end by this refresh
-- grain:   one row per customer and instant
-- params:  shop_id text, as_of timestamptz
-- reads:   nothing
-- writes:  record.coming, pg_temp.changed_numbers
-- returns: count
WITH come AS (
    DELETE FROM record.coming
    WHERE
        shop_id = %(shop_id)s::text
        AND at <= %(as_of)s::timestamptz
    RETURNING customer_no
)

INSERT INTO pg_temp.changed_numbers (customer_no)
SELECT customer_no
FROM come
