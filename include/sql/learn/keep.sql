-- purpose: keep what was learned as the version in force from its instant on
-- grain:   one version
-- params:  shop_id text, parameter text, body jsonb, as_of timestamptz, since timestamptz, until timestamptz,
--          sample integer, data_hash text, body_hash text
-- reads:   nothing
-- writes:  record.learned_parameters
-- returns: count
INSERT INTO record.learned_parameters (
    shop_id, name, body, learned_as_of, since, until, sample, data_hash, body_hash
)
VALUES (
    %(shop_id)s::text, %(parameter)s::text, %(body)s::jsonb, %(as_of)s::timestamptz, %(since)s::timestamptz,
    %(until)s::timestamptz, %(sample)s::integer, %(data_hash)s::text, %(body_hash)s::text
)
