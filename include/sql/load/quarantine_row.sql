-- purpose: a quarantined row with its payload
-- grain:   one row or none
-- params:  quarantine_id bigint
-- reads:   landing.quarantine
-- writes:  nothing
-- returns: maybe
SELECT
    quarantine_id,
    shop_id,
    entity,
    batch_id,
    line_no,
    reasons,
    columns_by_reason,
    payload,
    as_of,
    state,
    retried_batch_id
FROM landing.quarantine
WHERE quarantine_id = %(quarantine_id)s::bigint
