-- purpose: since when the record has said of a customer what it said at an instant
-- grain:   one row per tag
-- params:  shop_id text, customer_no bigint, as_of timestamptz
-- reads:   record.customer_tags, record.customer_tags_history
-- writes:  nothing
-- returns: many
SELECT
    tag,
    value,
    valid_from
FROM record.tags_at(%(shop_id)s::text, %(as_of)s::timestamptz)
WHERE customer_no = %(customer_no)s::bigint
