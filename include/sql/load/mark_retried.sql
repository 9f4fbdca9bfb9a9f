-- purpose: note in which batch quarantined rows were driven again
-- grain:   one row per quarantined row
-- params:  batch_id bigint, ids bigint[]
-- reads:   landing.quarantine
-- writes:  landing.quarantine
-- returns: count
UPDATE landing.quarantine
SET state = 'retried', retried_batch_id = %(batch_id)s::bigint
WHERE quarantine_id = ANY(%(ids)s::bigint[]) AND state = 'open'
