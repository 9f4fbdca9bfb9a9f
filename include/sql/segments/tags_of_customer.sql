-- purpose: the tags of one customer as of an instant, and since when the record has said so
-- grain:   one row per tag
-- params:  tags relation, shop_id text, customer_no bigint, as_of timestamptz
-- reads:   the tags, record.customer_tags, record.customer_tags_history
-- writes:  nothing
-- returns: many
SELECT
    inferred.tag,
    inferred.value,
    inferred.number,
    inferred.evidence,
    inferred.out_of,
    inferred.confidence,
    said.valid_from AS inferred_at
FROM __tags__ AS inferred
LEFT JOIN record.tags_at(%(shop_id)s::text, %(as_of)s::timestamptz) AS said
    ON
        inferred.customer_no = said.customer_no
        AND inferred.tag = said.tag
        AND inferred.value = said.value
WHERE inferred.customer_no = %(customer_no)s::bigint
