-- purpose: open quarantined rows of a shop by reason; never their payload
-- grain:   one row per entity and reason; a row with two reasons counts under both
-- params:  shop_id text, run_no bigint
-- reads:   landing.quarantine, landing.batch
-- writes:  nothing
-- returns: many
SELECT
    quarantines.entity,
    reasons.reason,
    count(*) FILTER (WHERE batches.run_no = %(run_no)s::bigint) AS of_run,
    count(*) AS of_shop,
    min(quarantines.as_of) AS oldest_as_of
FROM landing.quarantine AS quarantines
INNER JOIN landing.batch AS batches ON quarantines.batch_id = batches.batch_id
CROSS JOIN LATERAL unnest(quarantines.reasons) AS reasons (reason)
WHERE
    quarantines.shop_id = %(shop_id)s::text
    AND quarantines.state = 'open'
GROUP BY quarantines.entity, reasons.reason
ORDER BY of_shop DESC, quarantines.entity ASC, reasons.reason ASC
