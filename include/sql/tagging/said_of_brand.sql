-- purpose: what agents of any of a brand's shops said last of the people of pg_temp.brand_people, as of an instant
-- grain:   one row per person and tag
-- params:  as_of timestamptz
-- reads:   record.manual_tags, facts.merged_customers, pg_temp.brand_people
-- writes:  nothing
-- returns: many
SELECT DISTINCT ON (people.person_no, said.tag)
    people.person_no AS customer_no,
    said.tag,
    said.value,
    said.author,
    said.happened_at
FROM (SELECT DISTINCT brand_people.shop_id FROM pg_temp.brand_people AS brand_people) AS shops
CROSS JOIN LATERAL record.manual_tags_as_of(shops.shop_id, %(as_of)s::timestamptz) AS said
INNER JOIN pg_temp.brand_people AS people ON said.customer_no = people.customer_no
ORDER BY people.person_no ASC, said.tag ASC, said.happened_at DESC, said.customer_no ASC
