-- purpose: pieces of time with the same content, one after another without a gap, as one version
-- grain:   one row per content and unbroken time
-- params:  pieces relation, content columns
-- reads:   a list of pieces
-- writes:  nothing
-- returns: many
SELECT
    __content__,
    known_from,
    known_until
FROM __pieces__
WHERE is_whole
UNION ALL
SELECT
    __content__,
    min(known_from) AS known_from,
    max(known_until) AS known_until
FROM (
    SELECT
        __content__,
        known_from,
        known_until,
        count(*) FILTER (WHERE begins) OVER (PARTITION BY __content__ ORDER BY known_from) AS stretch
    FROM (
        SELECT
            __content__,
            known_from,
            known_until,
            coalesce(
                lag(known_until) OVER (PARTITION BY __content__ ORDER BY known_from) <> known_from, true
            ) AS begins
        FROM __pieces__
        WHERE NOT is_whole
    ) AS marked
) AS numbered
GROUP BY __content__, stretch
