-- purpose: keep a shop's norms from an instant on, unless those in force then are the same
-- grain:   one row per shop and instant of change
-- params:  shop_id text, as_of timestamptz, digest text, rules jsonb
-- reads:   record.logistics
-- writes:  record.logistics
-- returns: count
INSERT INTO record.logistics (shop_id, kept_as_of, digest, rules)
SELECT
    %(shop_id)s::text AS shop_id,
    %(as_of)s::timestamptz AS kept_as_of,
    %(digest)s::text AS digest,
    %(rules)s::jsonb AS rules
WHERE
    %(digest)s::text IS DISTINCT FROM (
        SELECT kept.digest
        FROM record.logistics AS kept
        WHERE
            kept.shop_id = %(shop_id)s::text
            AND kept.kept_as_of <= %(as_of)s::timestamptz
        ORDER BY kept.kept_as_of DESC
        LIMIT 1
    )
ON CONFLICT ON CONSTRAINT logistics_pk DO UPDATE SET digest = excluded.digest, rules = excluded.rules
