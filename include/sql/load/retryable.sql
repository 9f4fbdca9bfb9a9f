-- purpose: open quarantined rows that can be driven again, by entity
-- grain:   one row per landing entity
-- params:  shop_id text, ids bigint[], entity text
-- reads:   landing.quarantine
-- writes:  nothing
-- returns: many
SELECT
    entity,
    -- What a source reads and what lands from it are two vocabularies.
    CASE
        WHEN entity IN ('order', 'order_line', 'refund') THEN 'order'
        WHEN entity IN ('shipment', 'tracking_event') THEN 'shipment'
        ELSE entity
    END AS source,
    array_agg(quarantine_id ORDER BY quarantine_id) AS ids
FROM landing.quarantine
WHERE
    shop_id = %(shop_id)s::text
    AND state = 'open'
    AND (%(ids)s::bigint[] IS NULL OR quarantine_id = ANY(%(ids)s::bigint[]))
    AND (%(entity)s::text IS NULL OR entity = %(entity)s::text)
    -- A line that no parser could split has no columns to land.
    AND NOT payload ? 'file_line'
    AND payload <> '{}'
GROUP BY entity
ORDER BY entity
