-- purpose: identities that were merged into others, as of an instant
-- grain:   one row per merged identity
-- params:  as_of timestamptz
-- reads:   facts.merged_identities
-- writes:  nothing
-- returns: many
SELECT
    identity,
    survivor
FROM facts.merged_identities
WHERE
    known_from <= (SELECT facts.known_by(%(as_of)s::timestamptz))
    AND known_until > (SELECT facts.known_by(%(as_of)s::timestamptz))
