-- purpose: note what features and tags are made by from now on
-- grain:   one row, if it is not what they were made by
-- params:  shop_id text, made_from text
-- reads:   nothing
-- writes:  record.heads
-- returns: count
INSERT INTO record.heads AS heads (shop_id, record_made_from)
VALUES (%(shop_id)s::text, %(made_from)s::text)
ON CONFLICT ON CONSTRAINT heads_pk DO UPDATE
    SET record_made_from = excluded.record_made_from
    WHERE heads.record_made_from IS DISTINCT FROM excluded.record_made_from
