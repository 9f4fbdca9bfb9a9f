-- purpose: a version of what a shop learned, by its number
-- grain:   one version
-- params:  shop_id text, parameter text, parameter_no bigint
-- reads:   record.learned_parameters
-- writes:  nothing
-- returns: maybe
SELECT
    parameter_no,
    shop_id,
    name,
    body,
    learned_as_of,
    since,
    until,
    sample,
    data_hash,
    body_hash
FROM record.learned_parameters
WHERE
    shop_id = %(shop_id)s::text
    AND name = %(parameter)s::text
    AND parameter_no = %(parameter_no)s::bigint
