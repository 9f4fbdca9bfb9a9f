-- purpose: keep the tags of customers as of an instant, what agents said before what was inferred
-- grain:   one row per customer and tag
-- params:  made relation, held statement, said statement, tags relation, shop_id text, as_of timestamptz,
--          customer_no bigint
-- reads:   what the statements put in read
-- writes:  the made table, of the shape of record.customer_tags
-- returns: nothing
CREATE UNLOGGED TABLE IF NOT EXISTS __made__ AS
SELECT
    %(shop_id)s::text AS shop_id,
    held.tag,
    held.customer_no,
    held.value,
    held.number,
    held.evidence,
    held.out_of,
    held.confidence,
    held.since AS valid_from
FROM __held__ AS held
