-- purpose: keep every set of configured values an audience statement was asked with
-- grain:   one row per content
-- params:  parameter_hash text, body jsonb
-- reads:   nothing
-- writes:  ledger.parameter_version
-- returns: count
INSERT INTO ledger.parameter_version (parameter_hash, body)
VALUES (%(parameter_hash)s::text, %(body)s::jsonb)
ON CONFLICT ON CONSTRAINT parameter_version_pk DO NOTHING
