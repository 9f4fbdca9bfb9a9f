-- purpose: note customers of versions that begin or end between the last refresh and this one: of history loaded ahead
--          of the head
-- grain:   one row per version
-- params:  fact relation, shop_id text, as_of timestamptz
-- reads:   record.heads, the narrow fact
-- writes:  pg_temp.changed_numbers
-- returns: count
INSERT INTO pg_temp.changed_numbers (customer_no)
SELECT versions.customer_no
FROM record.heads AS heads
INNER JOIN __fact__ AS versions
    ON
        (heads.refreshed_as_of < versions.known_from AND versions.known_from <= %(as_of)s::timestamptz)
        OR (heads.refreshed_as_of < versions.known_until AND versions.known_until <= %(as_of)s::timestamptz)
WHERE
    heads.shop_id = %(shop_id)s::text
    AND versions.shop_id = %(shop_id)s::text
