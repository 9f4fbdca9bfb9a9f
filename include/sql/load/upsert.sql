-- purpose: make the newest staged version of each key the current one, never over a newer one
-- grain:   one row per written fact
-- params:  batch_id bigint, staged relation, fact relation, keys columns, content columns
-- reads:   the staged lines
-- writes:  the fact
-- returns: count
INSERT INTO __fact__ AS currents (__keys__, __content__, modified_at, known_at, batch_id)
SELECT
    __winners.keys__,
    __winners.content__,
    winners.modified_at,
    winners.known_at,
    %(batch_id)s::bigint AS batch_id
FROM __staged__ AS winners
WHERE winners.line_rank = 1 AND NOT winners.is_stale
ON CONFLICT (__keys__) DO UPDATE
SET
    (__content__) = ROW(__excluded.content__),
    modified_at = excluded.modified_at,
    known_at = greatest(currents.known_at, excluded.known_at),
    batch_id = excluded.batch_id
WHERE currents.modified_at <= excluded.modified_at
