-- purpose: keep the bounds segments were made by
-- grain:   one row
-- params:  shop_id text, bounds jsonb, made_from text, as_of timestamptz
-- reads:   nothing
-- writes:  record.segment_bounds
-- returns: count
INSERT INTO record.segment_bounds AS kept (shop_id, bounds, made_from, begins)
VALUES (%(shop_id)s::text, %(bounds)s::jsonb, %(made_from)s::text, %(as_of)s::timestamptz)
ON CONFLICT ON CONSTRAINT segment_bounds_pk DO UPDATE
    SET bounds = excluded.bounds, made_from = excluded.made_from
