-- purpose: more of what landed than allowed is unusable: over the last 24 hours, a history batch by itself
-- grain:   one row if it is so
-- params:  batch_id bigint, most double_precision, need_rows bigint
-- reads:   landing.batch, the failing lines
-- writes:  nothing
-- returns: many
SELECT
    shares.landed,
    shares.unusable
FROM (
    SELECT
        sum(batches.landed) AS landed,
        sum(batches.quarantined) + (
            SELECT count(*)
            FROM {batch}
        ) AS unusable
    FROM landing.batch AS judged
    INNER JOIN landing.batch AS batches
        ON
            judged.shop_id = batches.shop_id
            AND judged.entity = batches.entity
            AND judged.is_history = batches.is_history
            AND batches.as_of > judged.as_of - interval '24 hours'
            AND judged.batch_id >= batches.batch_id
    WHERE
        judged.batch_id = %(batch_id)s::bigint
        AND (batches.batch_id = judged.batch_id OR NOT judged.is_history)
        -- Driving a row again is no new input.
        AND (batches.batch_id = judged.batch_id OR batches.origin = 'extract')
        -- A person's word settles what came before it as well, or the same bad rows would stop runs for a day.
        AND batches.batch_id > coalesce((
            SELECT max(settled.batch_id)
            FROM landing.batch AS settled
            WHERE
                settled.shop_id = judged.shop_id
                AND settled.entity = judged.entity
                AND settled.batch_id < judged.batch_id
                AND (settled.verdict = 'released' OR settled.state = 'rejected')
        ), 0)
) AS shares
WHERE
    shares.landed >= %(need_rows)s::bigint
    AND shares.unusable > shares.landed * %(most)s::double precision
