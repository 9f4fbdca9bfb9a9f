-- purpose: move the refreshed head of a shop forward, never back
-- grain:   one row per shop
-- params:  shop_id text, as_of timestamptz
-- reads:   record.heads
-- writes:  record.heads
-- returns: count
INSERT INTO record.heads AS heads (shop_id, refreshed_as_of)
VALUES (%(shop_id)s::text, %(as_of)s::timestamptz)
ON CONFLICT (shop_id) DO UPDATE
    SET refreshed_as_of = excluded.refreshed_as_of
    WHERE heads.refreshed_as_of IS NULL OR heads.refreshed_as_of < excluded.refreshed_as_of
