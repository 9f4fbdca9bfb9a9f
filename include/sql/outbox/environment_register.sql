-- purpose: say once which installation this database belongs to, and where it lies
-- grain:   one row, the first time
-- params:  environment_id uuid, host text, port integer
-- reads:   ledger.seat_of_database()
-- writes:  ledger.environment
-- returns: count
-- A seat from before all of it was recorded is completed once, by the same installation on the same server.
INSERT INTO ledger.environment (
    environment_id, system_identifier, database_oid, data_directory, timeline, host, port
)
SELECT
    %(environment_id)s::uuid,
    here.system_identifier,
    here.database_oid,
    here.data_directory,
    here.timeline,
    lower(%(host)s::text) AS host,
    %(port)s::integer
FROM ledger.seat_of_database() AS here
WHERE
    NOT EXISTS (
        SELECT FROM ledger.environment AS seats
        WHERE
            seats.host IS NOT NULL
            OR seats.environment_id <> %(environment_id)s::uuid
            OR seats.system_identifier <> here.system_identifier
    )
