-- purpose: whose installation this database is
-- grain:   one row
-- params:  none
-- reads:   ledger.environment
-- writes:  nothing
-- returns: one
SELECT
    environment_id,
    system_identifier
FROM ledger.environment
