-- purpose: versions of orders whose lines are not all cut at the same one instant, if at any
-- grain:   one row per version
-- params:  none
-- reads:   pg_temp.line_pieces
-- writes:  pg_temp.uneven_versions
-- returns: count
CREATE TEMPORARY TABLE uneven_versions ON COMMIT DROP AS
SELECT version_no
FROM pg_temp.line_pieces
WHERE
    version_no IN (
        SELECT cut.version_no
        FROM pg_temp.line_pieces AS cut
        WHERE NOT (cut.is_from_start AND cut.is_to_end)
    )
GROUP BY version_no
HAVING
    NOT coalesce(
        -- All that begin with the version end where the first ends; all others follow there, to its end.
        max(known_until) FILTER (WHERE is_from_start) = min(known_until)
        AND coalesce(min(known_from) FILTER (WHERE NOT is_from_start) = min(known_until), true)
        AND coalesce(max(known_from) FILTER (WHERE NOT is_from_start) = min(known_until), true)
        AND coalesce(bool_and(is_to_end) FILTER (WHERE NOT is_from_start), bool_and(is_to_end)),
        false
    )
