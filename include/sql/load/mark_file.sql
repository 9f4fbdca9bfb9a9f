-- purpose: note that an export was read whole
-- grain:   one row per export
-- params:  shop_id text, entity text, path text, digest text
-- reads:   nothing
-- writes:  landing.file
-- returns: count
INSERT INTO landing.file (shop_id, entity, path, digest)
VALUES (%(shop_id)s::text, %(entity)s::text, %(path)s::text, %(digest)s::text)
ON CONFLICT (shop_id, entity, path) DO UPDATE
    SET digest = excluded.digest, read_real_at = DEFAULT
