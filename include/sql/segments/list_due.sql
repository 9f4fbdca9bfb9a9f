-- purpose: customers whose segments may change: what is known of them did, their clock ran out, or a bound moved past
--          them
-- grain:   one row per customer
-- params:  shop_id text, as_of timestamptz, measures text[], lows float8[], highs float8[]
-- reads:   pg_temp.changed_customers, record.customer_features, record.customer_segments
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
