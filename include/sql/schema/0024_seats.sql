-- Where an installation sends from. A copy of its database (a restored dump, CREATE DATABASE ... TEMPLATE, a copied
-- data folder, a promoted standby) carries the ledger with it and must not send what the first one sends. So the record
-- holds everything a server can tell of itself, and how the installation reaches it; whoever moves the database adopts
-- it by name.
ALTER TABLE ledger.environment
DROP CONSTRAINT environment_pk,
DROP CONSTRAINT environment_one_row,
DROP COLUMN only_row,
ADD COLUMN seat_no bigint GENERATED ALWAYS AS IDENTITY,
ADD COLUMN database_oid bigint,
ADD COLUMN data_directory text,
ADD COLUMN timeline integer,
ADD COLUMN host text,
ADD COLUMN port integer,
ADD COLUMN who text,
ADD COLUMN note text,
ADD COLUMN taken_real_at timestamptz NOT NULL DEFAULT now(),
ADD CONSTRAINT environment_pk PRIMARY KEY (seat_no);

COMMENT ON TABLE ledger.environment IS
'The seats an installation has sent from, append-only; the latest is in force, and a database that differs from it '
'claims nothing.';
COMMENT ON COLUMN ledger.environment.seat_no IS 'In the order they were taken.';
COMMENT ON COLUMN ledger.environment.environment_id IS 'Of the installation: extra.environment_id of its connection.';
COMMENT ON COLUMN ledger.environment.system_identifier IS 'pg_control_system() of the server: made by initdb.';
COMMENT ON COLUMN ledger.environment.database_oid IS
'pg_database.oid of this database. Empty in a seat taken before this column was there, as are the next four.';
COMMENT ON COLUMN ledger.environment.data_directory IS
'The server''s data folder; empty where the role may not read it (grant pg_read_all_settings).';
COMMENT ON COLUMN ledger.environment.timeline IS 'Of the server''s write-ahead log: a promoted standby begins another.';
COMMENT ON COLUMN ledger.environment.host IS 'As the connection says it, in lower case; never what it resolves to.';
COMMENT ON COLUMN ledger.environment.port IS 'As the connection says it.';
COMMENT ON COLUMN ledger.environment.who IS 'Who adopted the database; empty where an installation made it.';
COMMENT ON COLUMN ledger.environment.note IS 'Why it was adopted.';
COMMENT ON COLUMN ledger.environment.taken_real_at IS 'When, by the real clock.';
COMMENT ON CONSTRAINT environment_pk ON ledger.environment IS 'One row per seat taken.';

CREATE TRIGGER environment_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.environment
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TRIGGER environment_is_append_only ON ledger.environment IS 'A seat stands as it was taken.';

CREATE FUNCTION ledger.seat_of_database()
RETURNS TABLE (system_identifier bigint, database_oid bigint, data_directory text, timeline integer)
LANGUAGE sql STABLE AS $$
    SELECT
        (SELECT servers.system_identifier FROM pg_control_system() AS servers),
        (SELECT databases.oid::bigint FROM pg_database AS databases WHERE databases.datname = current_database()),
        (SELECT settings.setting FROM pg_settings AS settings WHERE settings.name = 'data_directory'),
        CASE
            WHEN pg_is_in_recovery() THEN (SELECT checkpoints.timeline_id FROM pg_control_checkpoint() AS checkpoints)
            -- The control file names a new timeline only after the first checkpoint on it.
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
        END
$$;
COMMENT ON FUNCTION ledger.seat_of_database() IS 'What this server tells of itself and of this database.';

CREATE FUNCTION ledger.seat_differs_by(p_environment_id uuid, p_host text, p_port integer)
RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (
            SELECT array_remove(
                ARRAY[
                    CASE WHEN seats.environment_id IS DISTINCT FROM p_environment_id THEN 'installation' END,
                    CASE WHEN seats.system_identifier IS DISTINCT FROM here.system_identifier THEN 'server' END,
                    CASE WHEN seats.database_oid IS DISTINCT FROM here.database_oid THEN 'database' END,
                    CASE WHEN seats.data_directory IS DISTINCT FROM here.data_directory THEN 'data_directory' END,
                    CASE WHEN seats.timeline IS DISTINCT FROM here.timeline THEN 'timeline' END,
                    CASE
                        WHEN (seats.host, seats.port) IS DISTINCT FROM (lower(p_host), p_port) THEN 'address'
                    END
                ],
                NULL
            )
            FROM (SELECT * FROM ledger.environment ORDER BY seat_no DESC LIMIT 1) AS seats
            CROSS JOIN ledger.seat_of_database() AS here
        ),
        ARRAY['unregistered']
    )
$$;
COMMENT ON FUNCTION ledger.seat_differs_by(uuid, text, integer) IS
'In what an installation that reaches this database at host and port does not sit on the seat in force: installation, '
'server, database, data_directory, timeline, address; unregistered where there is none. Empty: it may send.';
