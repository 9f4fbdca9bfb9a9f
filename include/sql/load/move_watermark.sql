-- purpose: move a watermark forward, never back, and stamp the successful call
-- grain:   one row per shop and entity
-- params:  shop_id text, entity text, extracted_until timestamptz
-- reads:   landing.watermark
-- writes:  landing.watermark
-- returns: count
INSERT INTO landing.watermark AS watermarks (shop_id, entity, extracted_until)
VALUES (%(shop_id)s::text, %(entity)s::text, %(extracted_until)s::timestamptz)
ON CONFLICT (shop_id, entity) DO UPDATE
    SET
        extracted_until = greatest(watermarks.extracted_until, excluded.extracted_until),
        succeeded_at = DEFAULT
