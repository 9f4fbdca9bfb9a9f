-- purpose: let the installation a database belongs to send from where the database lies now
-- grain:   one row, if it lies elsewhere than the seat in force says
-- params:  environment_id uuid, host text, port integer, who text, note text
-- reads:   ledger.seat_of_database(), ledger.seat_differs_by()
-- writes:  ledger.environment
-- returns: count
INSERT INTO ledger.environment (
    environment_id, system_identifier, database_oid, data_directory, timeline, host, port, who, note
)
SELECT
    %(environment_id)s::uuid,
    here.system_identifier,
    here.database_oid,
    here.data_directory,
    here.timeline,
    lower(%(host)s::text) AS host,
    %(port)s::integer,
    %(who)s::text,
    %(note)s::text
FROM ledger.seat_of_database() AS here
WHERE
    ledger.seat_differs_by(%(environment_id)s::uuid, %(host)s::text, %(port)s::integer) <> '{}'::text[]
