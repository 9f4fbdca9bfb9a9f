-- purpose: take out of a narrow fact what is touched and is no version any more, noting whose it was
-- grain:   one row per version
-- params:  fact relation, touched relation, made relation, changed relation, keys columns, content columns,
--          who columns, shop_id text
-- reads:   the lists of what is touched and of its versions
-- writes:  the narrow fact, the list of whom it changed
-- returns: count
WITH gone AS (
    DELETE FROM __fact__ AS stored
    USING __touched__ AS touched
    WHERE
        stored.shop_id = %(shop_id)s::text
        AND (__stored.keys__) = (__touched.keys__)
        AND NOT EXISTS (
            SELECT FROM __made__ AS made
            WHERE
                (__made.keys__) = (__stored.keys__)
                AND made.known_from = stored.known_from
                AND made.known_until = stored.known_until
                AND ROW(__made.content__) IS NOT DISTINCT FROM ROW(__stored.content__)
        )
    RETURNING __stored.who__
)

INSERT INTO __changed__
SELECT __who__
FROM gone
