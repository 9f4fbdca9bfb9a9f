-- purpose: open rows of quarantine with their reasons, without their content
-- grain:   one row per open quarantined line, the newest first
-- params:  shop_id text, entity text, most bigint
-- reads:   landing.quarantine
-- writes:  nothing
-- returns: many
SELECT
    quarantine_id,
    shop_id,
    entity,
    batch_id,
    line_no,
    reasons,
    (
        SELECT coalesce(array_agg(DISTINCT columns.name ORDER BY columns.name), '{}')
        FROM jsonb_each(quarantine.columns_by_reason) AS blamed (reason, names)
        CROSS JOIN LATERAL jsonb_array_elements_text(blamed.names) AS columns (name)
    ) AS columns,
    as_of
FROM landing.quarantine
WHERE
    (%(shop_id)s::text IS NULL OR shop_id = %(shop_id)s::text)
    AND state = 'open'
    AND (%(entity)s::text IS NULL OR entity = %(entity)s::text)
ORDER BY quarantine_id DESC
LIMIT %(most)s::bigint
