-- purpose: open quarantined rows that can be driven again, by entity and by what their source spoke of
-- grain:   one row per landing entity and snapshot
-- params:  shop_id text, ids bigint[], entity text
-- reads:   landing.quarantine, landing.batch
-- writes:  nothing
-- returns: many
SELECT
    quarantined.entity,
    -- A row without a version of its own is as old as what it came in, however late it is driven again.
    batches.snapshot_at,
    -- What a source reads and what lands from it are two vocabularies.
    CASE
        WHEN quarantined.entity IN ('order', 'order_line', 'refund') THEN 'order'
        WHEN quarantined.entity IN ('shipment', 'tracking_event') THEN 'shipment'
        ELSE quarantined.entity
    END AS source,
    array_agg(quarantined.quarantine_id ORDER BY quarantined.quarantine_id) AS ids
FROM landing.quarantine AS quarantined
INNER JOIN landing.batch AS batches ON quarantined.batch_id = batches.batch_id
WHERE
    quarantined.shop_id = %(shop_id)s::text
    AND quarantined.state = 'open'
    AND (%(ids)s::bigint[] IS NULL OR quarantined.quarantine_id = any(%(ids)s::bigint[]))
    AND (%(entity)s::text IS NULL OR quarantined.entity = %(entity)s::text)
    -- A line that no parser could split has no columns to land.
    AND NOT quarantined.payload ? 'file_line'
    AND quarantined.payload <> '{}'
GROUP BY quarantined.entity, batches.snapshot_at
ORDER BY quarantined.entity, batches.snapshot_at
