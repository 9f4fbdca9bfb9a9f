-- purpose: make the staged version of each known fact the current one, never over a newer one
-- grain:   one row per changed fact
-- params:  batch_id bigint, staged relation, fact relation, keys columns, content columns
-- reads:   the staged lines
-- writes:  the fact
-- returns: count
UPDATE __fact__ AS currents
SET
    (__content__) = ROW(__winners.content__),
    modified_at = winners.modified_at,
    known_at = greatest(currents.known_at, winners.known_at),
    batch_id = %(batch_id)s::bigint
FROM __staged__ AS winners
WHERE
    (__winners.keys__) = (__currents.keys__)
    AND winners.is_known
    AND currents.modified_at <= winners.modified_at
