-- purpose: open rows of quarantine with their reasons, without their content
-- grain:   one row per open quarantined line, the newest first
-- params:  shop_id text, entity text, most bigint
-- reads:   landing.quarantine
-- writes:  nothing
-- returns: many
SELECT
    quarantine_id,
    entity,
    batch_id,
    line_no,
    reasons,
    as_of
FROM landing.quarantine
WHERE
    shop_id = %(shop_id)s::text
    AND state = 'open'
    AND (%(entity)s::text IS NULL OR entity = %(entity)s::text)
ORDER BY quarantine_id DESC
LIMIT %(most)s::bigint
