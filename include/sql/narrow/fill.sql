-- purpose: put all versions of a shop into a narrow fact that holds none of it
-- grain:   one row per version
-- params:  fact relation, joined statement, pieces relation, content columns, by columns, shop_id text
-- reads:   a list of pieces
-- writes:  the narrow fact
-- returns: count
INSERT INTO __fact__ (shop_id, __content__, known_from, known_until)
SELECT
    %(shop_id)s::text AS shop_id,
    __versions.content__,
    versions.known_from,
    versions.known_until
FROM __joined__ AS versions
ORDER BY __versions.by__
