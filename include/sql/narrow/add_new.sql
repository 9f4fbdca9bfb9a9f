-- purpose: put into a narrow fact the versions it does not hold, noting whose they are
-- grain:   one row per version
-- params:  fact relation, made relation, changed relation, keys columns, content columns, who columns, shop_id text
-- reads:   the list of versions
-- writes:  the narrow fact, the list of whom it changed
-- returns: count
WITH added AS (
    INSERT INTO __fact__ AS stored (shop_id, __content__, known_from, known_until)
    SELECT
        %(shop_id)s::text AS shop_id,
        __made.content__,
        made.known_from,
        made.known_until
    FROM __made__ AS made
    WHERE
        NOT EXISTS (
            SELECT FROM __fact__ AS known
            WHERE
                known.shop_id = %(shop_id)s::text
                AND (__known.keys__) = (__made.keys__)
                AND known.known_from = made.known_from
                AND known.known_until = made.known_until
                AND ROW(__known.content__) IS NOT DISTINCT FROM ROW(__made.content__)
        )
    RETURNING __stored.who__
)

INSERT INTO __changed__
SELECT __who__
FROM added
