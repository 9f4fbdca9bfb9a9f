-- purpose: whether agents say anything of any customer of a shop as of an instant
-- grain:   one row
-- params:  shop_id text, as_of timestamptz
-- reads:   record.manual_tags, facts.merged_customers
-- writes:  nothing
-- returns: one
SELECT count(*) > 0 AS is_said
FROM record.manual_tags_as_of(%(shop_id)s::text, %(as_of)s::timestamptz)
