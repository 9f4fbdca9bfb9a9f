-- purpose: say once which installation and server this database belongs to
-- grain:   one row, the first time
-- params:  environment_id uuid
-- reads:   pg_control_system()
-- writes:  ledger.environment
-- returns: count
INSERT INTO ledger.environment (environment_id, system_identifier)
SELECT
    %(environment_id)s::uuid,
    servers.system_identifier
FROM pg_control_system() AS servers
ON CONFLICT (only_row) DO NOTHING
