-- purpose: whose installation this database is, by the seat in force
-- grain:   one row
-- params:  none
-- reads:   ledger.environment
-- writes:  nothing
-- returns: one
SELECT
    environment_id,
    system_identifier
FROM ledger.environment
ORDER BY seat_no DESC
LIMIT 1
