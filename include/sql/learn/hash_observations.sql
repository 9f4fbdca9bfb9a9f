-- purpose: what was observed, as a hash and a count: the same observations in any order give the same
-- grain:   one row
-- params:  none
-- reads:   pg_temp.observations
-- writes:  nothing
-- returns: one
WITH kinds AS (
    SELECT concat_ws('|', outer_key, inner_key, age, is_event, closes, count(*)) AS line
    FROM pg_temp.observations
    GROUP BY outer_key, inner_key, age, is_event, closes
)

SELECT
    (SELECT count(*) FROM pg_temp.observations) AS observed,
    encode(sha256(convert_to(coalesce(string_agg(line, E'\n' ORDER BY line COLLATE "C"), ''), 'UTF8')), 'hex') AS digest
FROM kinds
