-- purpose: what a shop had learned by an instant under a name: the version in force there
-- grain:   one version
-- params:  shop_id text, parameter text, as_of timestamptz
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
    AND learned_as_of <= %(as_of)s::timestamptz
ORDER BY learned_as_of DESC, parameter_no DESC
LIMIT 1
