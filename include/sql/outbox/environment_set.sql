-- purpose: mark a fresh database as one installation's, on the server it was made on
-- grain:   one row
-- params:  environment_id uuid
-- reads:   the server's control file
-- writes:  ledger.environment
-- returns: count
INSERT INTO ledger.environment (environment_id, system_identifier)
SELECT
    %(environment_id)s::uuid,
    control.system_identifier
FROM pg_control_system() AS control
ON CONFLICT (only_row) DO NOTHING
