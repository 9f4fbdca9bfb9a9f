-- purpose: in what this database does not lie where its installation sends from
-- grain:   one row per difference, with what the seat in force says and what is found
-- params:  environment_id uuid, host text, port integer
-- reads:   ledger.environment, ledger.seat_of_database(), ledger.seat_differs_by()
-- writes:  nothing
-- returns: many
-- Without an environment_id, as a page asks, the installation is taken to be the one of the seat.
WITH seats AS (
    SELECT environments.*
    FROM ledger.environment AS environments
    ORDER BY environments.seat_no DESC
    LIMIT 1
)

SELECT
    differences.difference,
    CASE differences.difference
        WHEN 'installation' THEN seats.environment_id::text
        WHEN 'server' THEN seats.system_identifier::text
        WHEN 'database' THEN seats.database_oid::text
        WHEN 'data_directory' THEN seats.data_directory
        WHEN 'timeline' THEN seats.timeline::text
        WHEN 'address' THEN seats.host || ' ' || seats.port
    END AS seat,
    CASE differences.difference
        WHEN 'installation' THEN %(environment_id)s::text
        WHEN 'server' THEN here.system_identifier::text
        WHEN 'database' THEN here.database_oid::text
        WHEN 'data_directory' THEN here.data_directory
        WHEN 'timeline' THEN here.timeline::text
        WHEN 'address' THEN lower(%(host)s::text) || ' ' || %(port)s::integer
    END AS found
FROM ledger.seat_of_database() AS here
LEFT JOIN seats ON true
CROSS JOIN
    LATERAL unnest(
        ledger.seat_differs_by(
            coalesce(%(environment_id)s::uuid, seats.environment_id), %(host)s::text, %(port)s::integer
        )
    ) AS differences (difference)
