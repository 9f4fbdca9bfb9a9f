-- purpose: note how the narrow facts of a shop stand
-- grain:   one row per shop
-- params:  shop_id text, zone text, made_from text, norms text
-- reads:   nothing
-- writes:  record.heads
-- returns: count
INSERT INTO record.heads AS heads (shop_id, narrow_zone, narrow_made_from, narrow_norms)
VALUES (%(shop_id)s::text, %(zone)s::text, %(made_from)s::text, %(norms)s::text)
ON CONFLICT ON CONSTRAINT heads_pk DO UPDATE
    SET
        narrow_zone = excluded.narrow_zone,
        narrow_made_from = excluded.narrow_made_from,
        narrow_norms = excluded.narrow_norms
    WHERE (heads.narrow_zone, heads.narrow_made_from, heads.narrow_norms)
    IS DISTINCT FROM (excluded.narrow_zone, excluded.narrow_made_from, excluded.narrow_norms)
