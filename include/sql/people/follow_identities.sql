-- purpose: whoever was the merged person is the survivor from now on, in all shops of the brand
-- grain:   one row per identity with a new survivor
-- params:  from_identity uuid, into_identity uuid, at timestamptz
-- reads:   nothing
-- writes:  facts.merged_identities
-- returns: count
-- A span that begins at this very instant was never known for any time: it only gets another survivor.
WITH ended_spans AS (
    UPDATE facts.merged_identities
    SET
        survivor = CASE WHEN known_from = %(at)s::timestamptz THEN %(into_identity)s::uuid ELSE survivor END,
        known_until = CASE WHEN known_from = %(at)s::timestamptz THEN known_until ELSE %(at)s::timestamptz END
    WHERE
        survivor = %(from_identity)s::uuid
        AND known_until = 'infinity'
    RETURNING identity, known_from
)

INSERT INTO facts.merged_identities (identity, survivor, known_from)
SELECT
    followers.identity,
    %(into_identity)s::uuid AS survivor,
    %(at)s::timestamptz AS known_from
FROM (
    SELECT identity
    FROM ended_spans
    WHERE known_from < %(at)s::timestamptz
    UNION ALL
    SELECT %(from_identity)s::uuid
) AS followers
