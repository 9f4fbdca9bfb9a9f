-- What a shop's own data teaches: how soon its buyers pay, how long its carriers take, and whatever else is learned.

CREATE TABLE record.learned_parameters (
    parameter_no bigint GENERATED ALWAYS AS IDENTITY,
    shop_id text NOT NULL,
    name text NOT NULL,
    body jsonb NOT NULL,
    learned_as_of timestamptz NOT NULL,
    since timestamptz,
    until timestamptz NOT NULL,
    sample integer NOT NULL,
    data_hash text NOT NULL,
    body_hash text NOT NULL,
    CONSTRAINT learned_parameters_pk PRIMARY KEY (parameter_no),
    CONSTRAINT learned_parameters_name_plain CHECK (name ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT learned_parameters_no_foresight CHECK (until <= learned_as_of AND since <= until),
    CONSTRAINT learned_parameters_sample_counted CHECK (sample >= 0)
);
CREATE INDEX learned_parameters_in_force ON record.learned_parameters (shop_id, name, learned_as_of, parameter_no);
CREATE TRIGGER learned_parameters_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON record.learned_parameters
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE record.learned_parameters IS
'What was learned from a shop''s data, append-only: a row when it changed. The latest learned by an instant is in '
'force there; it is the same whenever it is asked.';
COMMENT ON COLUMN record.learned_parameters.body IS 'What is worked by; durations in seconds.';
COMMENT ON COLUMN record.learned_parameters.learned_as_of IS 'From here on it is in force.';
COMMENT ON COLUMN record.learned_parameters.since IS 'Facts from here on were looked at; NULL: all of them.';
COMMENT ON COLUMN record.learned_parameters.until IS 'Facts to here were looked at.';
COMMENT ON COLUMN record.learned_parameters.sample IS 'Orders, parcels or customers it was learned from.';
COMMENT ON COLUMN record.learned_parameters.data_hash IS 'SHA-256, hex, of the observations it was learned from.';
COMMENT ON COLUMN record.learned_parameters.body_hash IS 'SHA-256, hex, of body, whatever the order of its keys.';
COMMENT ON CONSTRAINT learned_parameters_pk ON record.learned_parameters IS 'parameter_no names a version.';
COMMENT ON CONSTRAINT learned_parameters_name_plain ON record.learned_parameters IS 'As campaigns and config name it.';
COMMENT ON CONSTRAINT learned_parameters_no_foresight ON record.learned_parameters IS
'Nothing is learned from what comes later.';
COMMENT ON CONSTRAINT learned_parameters_sample_counted ON record.learned_parameters IS 'A count.';

CREATE FUNCTION record.delay_of(p_delays jsonb, p_source text, p_kind text) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT make_interval(secs => coalesce(
    p_delays #>> ARRAY['learned', p_source, coalesce(p_kind, '')],
    p_delays ->> p_kind,
    p_delays #>> ARRAY['learned', p_source, ''],
    p_delays ->> p_source,
    p_delays ->> 'default'
)::float8)
$$;
COMMENT ON FUNCTION record.delay_of(jsonb, text, text) IS
'How long after an order it is due, by the seconds of a campaign''s delay: a way to pay goes before a source, and what '
'was learned of one before what is written of it.';
