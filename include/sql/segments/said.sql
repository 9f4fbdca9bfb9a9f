-- purpose: why customers of a shop left as agents said it, as of an instant
-- grain:   one row per customer
-- params:  shop_id text, as_of timestamptz
-- reads:   record.manual_tags, facts.merged_customers
-- writes:  nothing
-- returns: many
SELECT
    customer_no,
    value
FROM record.manual_tags_as_of(%(shop_id)s::text, %(as_of)s::timestamptz)
WHERE tag = 'leaving_cause'
