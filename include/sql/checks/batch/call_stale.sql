-- purpose: the last successful call of a source is too long ago; an empty answer is a success
-- grain:   one row per stale entity of the shop
-- params:  batch_id bigint, not_before timestamptz
-- reads:   landing.watermark, landing.batch
-- writes:  nothing
-- returns: many
SELECT watermarks.entity
FROM landing.watermark AS watermarks
INNER JOIN landing.batch AS judged ON watermarks.shop_id = judged.shop_id
-- Looks at calls, not at the lines of {batch}, which Great Expectations wants to see named.
WHERE
    judged.batch_id = %(batch_id)s::bigint
    AND judged.origin = 'extract'
    AND watermarks.succeeded_at < %(not_before)s::timestamptz
