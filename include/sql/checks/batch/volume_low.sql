-- purpose: far less of an entity landed in the last 24 hours than on a usual day of the week before
-- grain:   one row if it is so
-- params:  batch_id bigint, least double_precision, need_rows bigint, least_landed bigint
-- reads:   landing.batch
-- writes:  nothing
-- returns: many
SELECT
    -- Counts batches, not the lines of {batch}, which Great Expectations wants to see named.
    volumes.lately,
    volumes.usual
FROM (
    SELECT
        coalesce(sum(batches.landed) FILTER (
            WHERE batches.as_of > judged.as_of - interval '24 hours'
        ), 0) AS lately,
        sum(batches.landed) FILTER (
            WHERE batches.as_of <= judged.as_of - interval '24 hours'
        ) * 86400 / extract(
            EPOCH FROM judged.as_of - interval '24 hours' - min(batches.as_of)
        ) AS usual
    FROM landing.batch AS judged
    INNER JOIN landing.batch AS batches
        ON
            judged.shop_id = batches.shop_id
            AND judged.entity = batches.entity
            AND batches.as_of > judged.as_of - interval '8 days'
            AND judged.as_of >= batches.as_of
    WHERE
        judged.batch_id = %(batch_id)s::bigint
        AND NOT judged.is_history
        AND judged.origin = 'extract'
        AND judged.landed >= %(least_landed)s::bigint
        AND NOT batches.is_history
        AND batches.origin = 'extract'
    GROUP BY judged.as_of
    -- A usual day is known after one whole day before these 24 hours.
    HAVING min(batches.as_of) <= judged.as_of - interval '48 hours'
) AS volumes
WHERE
    volumes.usual >= %(need_rows)s::bigint
    AND volumes.lately < volumes.usual * %(least)s::double precision
