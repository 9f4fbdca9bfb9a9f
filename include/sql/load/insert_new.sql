-- purpose: add the staged facts nobody knew; under the ingest lock no other load can add them too
-- grain:   one row per new fact
-- params:  batch_id bigint, staged relation, fact relation, keys columns, content columns
-- reads:   the staged lines
-- writes:  the fact
-- returns: count
INSERT INTO __fact__ (__keys__, __content__, modified_at, known_at, batch_id)
SELECT
    __winners.keys__,
    __winners.content__,
    winners.modified_at,
    winners.known_at,
    %(batch_id)s::bigint AS batch_id
FROM __staged__ AS winners
WHERE NOT winners.is_known
