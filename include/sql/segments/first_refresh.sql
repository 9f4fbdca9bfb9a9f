-- purpose: from when on the record of a shop keeps its segments, and from when on it has any: some may be recalled
-- grain:   one row
-- params:  shop_id text
-- reads:   record.segment_bounds, record.customer_segments_history
-- writes:  nothing
-- returns: one
SELECT
    min(bounds.begins) AS begins,
    least(min(bounds.begins), min(recalled.valid_from)) AS reaches
FROM record.segment_bounds AS bounds
LEFT JOIN LATERAL (
    SELECT min(history.valid_from) AS valid_from
    FROM record.customer_segments_history AS history
    WHERE
        history.shop_id = bounds.shop_id
        AND history.valid_until <= bounds.begins
) AS recalled ON true
WHERE bounds.shop_id = %(shop_id)s::text
