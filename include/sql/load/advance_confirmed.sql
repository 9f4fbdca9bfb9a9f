-- purpose: move the head of a shop past single orders that were asked about; never back, and no other fact is fresher
-- grain:   one row per shop
-- params:  shop_id text, as_of timestamptz
-- reads:   record.heads
-- writes:  record.heads
-- returns: count
INSERT INTO record.heads AS heads (shop_id, confirmed_as_of)
VALUES (%(shop_id)s::text, %(as_of)s::timestamptz)
ON CONFLICT (shop_id) DO UPDATE
    SET confirmed_as_of = excluded.confirmed_as_of
    WHERE heads.confirmed_as_of IS NULL OR heads.confirmed_as_of < excluded.confirmed_as_of
