-- purpose: the tags of customers as of an instant, what agents said before what was inferred; like record.tags_of, of a
--          record made for that instant; of one customer, or of all (NULL)
-- grain:   one row per customer and tag
-- params:  said statement, tags relation, shop_id text, as_of timestamptz, customer_no bigint
-- reads:   the tags relation, and what the statement put in reads
-- writes:  nothing
-- returns: many
WITH said AS (
    SELECT
        told.customer_no,
        told.tag,
        told.value,
        told.author,
        told.happened_at
    FROM __said__ AS told
    WHERE %(customer_no)s::bigint IS NULL OR told.customer_no = %(customer_no)s::bigint
)

SELECT
    said.customer_no,
    said.tag,
    said.value,
    NULL::float8 AS number,
    NULL::integer AS evidence,
    NULL::integer AS out_of,
    NULL::real AS confidence,
    said.author,
    said.happened_at AS since,
    true AS is_manual
FROM said
UNION ALL
SELECT
    inferred.customer_no,
    inferred.tag,
    inferred.value,
    inferred.number,
    inferred.evidence,
    inferred.out_of,
    inferred.confidence,
    NULL::text AS author,
    inferred.valid_from AS since,
    false AS is_manual
FROM __tags__ AS inferred
WHERE
    inferred.shop_id = %(shop_id)s::text
    AND (%(customer_no)s::bigint IS NULL OR inferred.customer_no = %(customer_no)s::bigint)
    AND NOT EXISTS (
        SELECT FROM said
        WHERE
            -- Expressions, lest the two be merged in the order of an index: that reads everybody's tags from a heap in
            -- another order, and perhaps compares each with all that agents say of the tag.
            said.customer_no = inferred.customer_no + 0
            AND said.tag = inferred.tag || ''
    )
