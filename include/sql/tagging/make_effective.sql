-- purpose: the tags of customers as of an instant, what agents said before what was inferred
-- grain:   one row per customer and tag
-- params:  made relation, tags relation, shop_id text, as_of timestamptz
-- reads:   the tags relation, record.manual_tags, facts.merged_customers
-- writes:  the made table, of the shape of record.customer_tags
-- returns: nothing
CREATE UNLOGGED TABLE IF NOT EXISTS __made__ AS
WITH said AS (
    SELECT
        customer_no,
        tag,
        value,
        happened_at
    FROM record.manual_tags_as_of(%(shop_id)s::text, %(as_of)s::timestamptz)
)

SELECT
    inferred.shop_id,
    inferred.tag,
    inferred.customer_no,
    inferred.value,
    inferred.number,
    inferred.evidence,
    inferred.out_of,
    inferred.confidence,
    inferred.valid_from
FROM __tags__ AS inferred
WHERE
    inferred.shop_id = %(shop_id)s::text
    AND NOT EXISTS (
        SELECT FROM said
        WHERE
            said.customer_no = inferred.customer_no
            AND said.tag = inferred.tag
    )
UNION ALL
SELECT
    %(shop_id)s::text AS shop_id,
    said.tag,
    said.customer_no,
    said.value,
    NULL::float8 AS number,
    NULL::integer AS evidence,
    NULL::integer AS out_of,
    NULL::real AS confidence,
    said.happened_at AS valid_from
FROM said
