-- purpose: what the curves say: who was observed, how long, how many got there in the end, and by when
-- grain:   one row per group
-- params:  shares float8[], ages bigint[], sample integer, closes bigint
-- reads:   pg_temp.observations, pg_temp.curves
-- writes:  nothing
-- returns: many
--          (closes, horizon: ages by which half and 95 of 100 close, where twenty say when, else the one given;
--          arrived: the share that gets there by the horizon; watched: how many were, or could have been, watched to
--          it; unresolved: the share that had not got there when fewer than the sample were watched; reached_at: ages
--          by which the given shares of those that get there have; arrived_by: shares of all at the given ages, which
--          rise)
WITH limits AS (
    SELECT
        concat_ws(chr(31), grouping(outer_key, inner_key), outer_key, inner_key) AS cell,
        grouping(outer_key, inner_key) AS breadth,
        outer_key,
        inner_key,
        count(*) AS observed,
        CASE
            WHEN count(closes) >= 20 THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY closes)
            ELSE %(closes)s::bigint
        END AS closes,
        CASE
            WHEN count(closes) >= 20 THEN percentile_disc(0.95) WITHIN GROUP (ORDER BY closes)
            ELSE %(closes)s::bigint
        END AS horizon
    FROM pg_temp.observations
    GROUP BY GROUPING SETS ((outer_key, inner_key), (outer_key), (inner_key), ())
),

ends AS (
    SELECT
        limits.cell,
        limits.horizon,
        coalesce(sum(curves.events) FILTER (WHERE curves.age <= limits.horizon), 0)::bigint AS events,
        1 - coalesce(min(curves.survival) FILTER (WHERE curves.age <= limits.horizon), 1) AS arrived,
        coalesce(min(curves.watched) FILTER (WHERE curves.age < limits.horizon), 1) AS watched,
        coalesce(min(curves.survival) FILTER (
            WHERE
            curves.age <= limits.horizon
            AND curves.watched * limits.observed >= %(sample)s::integer - 1e-6
        ), 1) AS unresolved
    FROM limits
    INNER JOIN pg_temp.curves AS curves ON limits.cell = curves.cell
    GROUP BY limits.cell, limits.horizon
),

-- Half a millionth of slack: products of shares are not exact.
reached AS (
    SELECT
        ends.cell,
        wanted.place,
        min(curves.age) FILTER (
            WHERE curves.age <= ends.horizon AND 1 - curves.survival >= wanted.share * ends.arrived - 5e-7
        ) AS age
    FROM ends
    CROSS JOIN unnest(%(shares)s::float8[]) WITH ORDINALITY AS wanted (share, place)
    INNER JOIN pg_temp.curves AS curves ON ends.cell = curves.cell
    WHERE ends.arrived > 0
    GROUP BY ends.cell, wanted.place
),

-- Which of the given ages, in rising order, is the first that is not before an age of the curve.
steps AS (
    SELECT
        cell,
        width_bucket(age - 1, %(ages)s::bigint[]) + 1 AS place,
        min(survival) AS survival
    FROM pg_temp.curves
    GROUP BY cell, width_bucket(age - 1, %(ages)s::bigint[])
),

drawn AS (
    SELECT
        steps.cell,
        wanted.place,
        1 - coalesce(min(steps.survival) FILTER (WHERE steps.place <= wanted.place), 1) AS share
    FROM steps
    CROSS JOIN unnest(%(ages)s::bigint[]) WITH ORDINALITY AS wanted (age, place)
    GROUP BY steps.cell, wanted.place
),

reached_ages AS (
    SELECT
        cell,
        array_agg(age ORDER BY place) AS ages
    FROM reached
    GROUP BY cell
),

drawn_shares AS (
    SELECT
        cell,
        array_agg(share ORDER BY place) AS shares
    FROM drawn
    GROUP BY cell
)

SELECT
    limits.breadth,
    limits.outer_key,
    limits.inner_key,
    limits.observed,
    ends.events,
    limits.closes,
    limits.horizon,
    ends.arrived,
    floor(ends.watched * limits.observed + 1e-6)::bigint AS watched,
    CASE
        WHEN ends.watched * limits.observed >= %(sample)s::integer - 1e-6 THEN 0
        ELSE ends.unresolved
    END AS unresolved,
    reached_ages.ages AS reached_at,
    drawn_shares.shares AS arrived_by
FROM limits
INNER JOIN ends ON limits.cell = ends.cell
LEFT JOIN reached_ages ON limits.cell = reached_ages.cell
LEFT JOIN drawn_shares ON limits.cell = drawn_shares.cell
