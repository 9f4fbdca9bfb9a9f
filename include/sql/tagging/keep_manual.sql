-- purpose: keep what agents said of customers, in the order it was said; what is kept already is not kept twice
-- grain:   one row per thing said
-- params:  shop_id text, as_of timestamptz, customer_nos bigint[], tags text[], said_values text[], authors text[],
--          instants timestamptz[]
-- reads:   nothing
-- writes:  record.manual_tags
-- returns: count
INSERT INTO record.manual_tags (shop_id, customer_no, tag, value, author, happened_at, known_at, is_withdrawn)
SELECT
    %(shop_id)s::text AS shop_id,
    said.customer_no,
    said.tag,
    said.value,
    said.author,
    said.happened_at,
    %(as_of)s::timestamptz AS known_at,
    said.value IS NULL AS is_withdrawn
FROM
    unnest(
        %(customer_nos)s::bigint[], %(tags)s::text[], %(said_values)s::text[], %(authors)s::text[],
        %(instants)s::timestamptz[]
    ) WITH ORDINALITY AS said (customer_no, tag, value, author, happened_at, place)
ORDER BY said.place
ON CONFLICT ON CONSTRAINT manual_tags_once DO NOTHING
