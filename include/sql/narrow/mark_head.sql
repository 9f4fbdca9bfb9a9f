-- purpose: note how the narrow facts of a shop stand
-- grain:   one row per shop
-- params:  shop_id text, zone text, norms text, last_at timestamptz
-- reads:   nothing
-- writes:  record.heads
-- returns: count
INSERT INTO record.heads AS heads (shop_id, narrow_zone, narrow_norms, narrow_until)
VALUES (%(shop_id)s::text, %(zone)s::text, %(norms)s::text, %(last_at)s::timestamptz)
ON CONFLICT ON CONSTRAINT heads_pk DO UPDATE
    SET
        narrow_zone = excluded.narrow_zone,
        narrow_norms = excluded.narrow_norms,
        narrow_until = greatest(heads.narrow_until, excluded.narrow_until)
    WHERE (heads.narrow_zone, heads.narrow_norms, heads.narrow_until)
    IS DISTINCT FROM (
        excluded.narrow_zone, excluded.narrow_norms, greatest(heads.narrow_until, excluded.narrow_until)
    )
