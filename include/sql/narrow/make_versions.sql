-- purpose: the versions a narrow fact should have, of what was touched
-- grain:   one row per version
-- params:  made relation, joined statement, pieces relation, content columns
-- reads:   a list of pieces
-- writes:  the list of versions
-- returns: nothing
CREATE TEMPORARY TABLE __made__ ON COMMIT DROP AS
SELECT
    __versions.content__,
    versions.known_from,
    versions.known_until
FROM __joined__ AS versions
