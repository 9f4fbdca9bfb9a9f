-- purpose: note that a run is not at the head any more
-- grain:   the run
-- params:  run_no bigint
-- reads:   nothing
-- writes:  ledger.run
-- returns: count
UPDATE ledger.run
SET is_at_head = false
WHERE
    run_no = %(run_no)s::bigint
    AND is_at_head
