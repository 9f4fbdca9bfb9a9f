-- purpose: customers whose segments may change: what is known of them did, their clock ran out, a bound moved past
--          them, or agents say of who left why, or take it back
-- grain:   one row per customer
-- params:  said statement, shop_id text, as_of timestamptz, measures text[], lows float8[], highs float8[]
-- reads:   pg_temp.changed_customers, record.customer_features, record.customer_segments, record.customer_tags,
--          record.manual_tags, facts.merged_customers
-- writes:  pg_temp.relabelled_customers
-- returns: nothing
-- measures, lows, highs: a bound of the measure moved within [low, high); recency in seconds since 1970.
CREATE TEMPORARY TABLE relabelled_customers ON COMMIT DROP AS
WITH moved_bounds AS (
    SELECT
        measure,
        low,
        high
    FROM unnest(%(measures)s::text[], %(lows)s::float8[], %(highs)s::float8[]) AS moved (measure, low, high)
)

SELECT customer_no
FROM pg_temp.changed_customers
UNION
SELECT customer_no
FROM record.customer_segments
WHERE
    shop_id = %(shop_id)s::text
    AND next_change_at <= %(as_of)s::timestamptz
UNION
SELECT features.customer_no
FROM moved_bounds
INNER JOIN record.customer_features AS features
    ON
        features.last_paid_at >= to_timestamp(moved_bounds.low)
        AND features.last_paid_at < to_timestamp(moved_bounds.high)
WHERE
    moved_bounds.measure = 'recency'
    AND features.shop_id = %(shop_id)s::text
UNION
SELECT features.customer_no
FROM moved_bounds
INNER JOIN record.customer_features AS features
    ON
        features.order_count >= moved_bounds.low::bigint
        AND features.order_count < moved_bounds.high::bigint
WHERE
    moved_bounds.measure = 'frequency'
    AND features.shop_id = %(shop_id)s::text
UNION
SELECT features.customer_no
FROM moved_bounds
INNER JOIN record.customer_features AS features
    ON
        features.net_minor >= moved_bounds.low::bigint
        AND features.net_minor < moved_bounds.high::bigint
WHERE
    moved_bounds.measure = 'monetary'
    AND features.shop_id = %(shop_id)s::text
UNION
SELECT stored.customer_no
FROM (
    -- Whatever was ever said: taken back, what is inferred holds again; merged, it is the survivor's.
    SELECT
        manual_tags.customer_no,
        manual_tags.shop_id
    FROM record.manual_tags AS manual_tags
    WHERE
        manual_tags.shop_id = %(shop_id)s::text
        AND manual_tags.tag = 'leaving_cause'
    UNION
    SELECT
        merged.survivor_no AS customer_no,
        merged.shop_id
    FROM facts.merged_customers AS merged
    INNER JOIN record.manual_tags AS told_of ON merged.customer_no = told_of.customer_no
    WHERE
        told_of.shop_id = %(shop_id)s::text
        AND told_of.tag = 'leaving_cause'
) AS spoken_of
INNER JOIN record.customer_segments AS stored
    ON spoken_of.shop_id = stored.shop_id AND spoken_of.customer_no = stored.customer_no
LEFT JOIN __said__ AS said ON stored.customer_no = said.customer_no
LEFT JOIN record.customer_tags AS inferred
    ON
        stored.shop_id = inferred.shop_id
        AND stored.customer_no = inferred.customer_no
        AND inferred.tag = 'leaving_cause'
WHERE
    stored.dormancy = 'dormant'
    AND coalesce(said.value, inferred.value) IS DISTINCT FROM stored.cause
