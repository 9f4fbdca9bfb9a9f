-- purpose: no tag at all, in the shape of features/tag: of a shop that has the facts for none
-- grain:   none
-- params:  none
-- reads:   nothing
-- writes:  nothing
-- returns: many
SELECT
    NULL::text AS tag,
    NULL::bigint AS customer_no,
    NULL::text AS value,
    NULL::float8 AS number,
    NULL::integer AS evidence,
    NULL::integer AS out_of,
    NULL::real AS confidence
WHERE false
