-- purpose: Kaplan-Meier curves of the observations, by both keys, by each of them, and of all
-- grain:   one row per group and age at which somebody's watch ended
-- params:  none
-- reads:   pg_temp.observations
-- writes:  pg_temp.curves
-- returns: nothing
--          (cell names the group. survival: the product-limit estimate just after an age, events before losses of the
--          same age (Kaplan and Meier, J. Am. Stat. Assoc. 53, 1958). watched: the same of the losses (reverse Kaplan-
--          Meier: Schemper and Smith, Control. Clin. Trials 17, 1996), the share that could still be watched)
CREATE TEMPORARY TABLE curves ON COMMIT DROP AS
WITH narrow_ends AS (
    SELECT
        outer_key,
        inner_key,
        age,
        count(*) FILTER (WHERE is_event) AS events,
        count(*) FILTER (WHERE NOT is_event) AS losses
    FROM pg_temp.observations
    GROUP BY outer_key, inner_key, age
),

ends AS (
    SELECT
        age,
        concat_ws(chr(31), grouping(outer_key, inner_key), outer_key, inner_key) AS cell,
        sum(events)::bigint AS events,
        sum(losses)::bigint AS losses
    FROM narrow_ends
    -- What nobody knows makes no group of its own.
    GROUP BY age, GROUPING SETS ((outer_key, inner_key), (outer_key), (inner_key), ())
    HAVING coalesce(outer_key <> '', true) AND coalesce(inner_key <> '', true)
),

counted_ends AS (
    SELECT
        *,
        sum(events + losses) OVER (PARTITION BY cell ORDER BY age DESC)::bigint AS at_risk
    FROM ends
)

SELECT
    cell,
    age,
    events,
    losses,
    at_risk,
    CASE
        WHEN bool_or(events = at_risk) OVER upto THEN 0
        ELSE exp(coalesce(sum(ln(1 - nullif(events, at_risk)::float8 / at_risk::float8)) OVER upto, 0))
    END AS survival,
    CASE
        WHEN bool_or(losses > 0 AND events + losses = at_risk) OVER upto THEN 0
        ELSE exp(coalesce(
            sum(ln(1 - nullif(losses, at_risk - events)::float8 / nullif(at_risk - events, 0)::float8)) OVER upto, 0
        ))
    END AS watched
FROM counted_ends
WINDOW upto AS (PARTITION BY cell ORDER BY age)
