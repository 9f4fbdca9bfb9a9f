-- purpose: what agents say of customers of a shop as of an instant
-- grain:   one row per customer and tag
-- params:  shop_id text, as_of timestamptz
-- reads:   record.manual_tags, facts.merged_customers
-- writes:  nothing
-- returns: many
SELECT
    customer_no,
    tag,
    value,
    author,
    happened_at
FROM record.manual_tags_as_of(%(shop_id)s::text, %(as_of)s::timestamptz)
