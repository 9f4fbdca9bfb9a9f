-- purpose: members of a batch as the contact tables hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean
-- reads:   landing.member
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.customer_id,
    good_lines.display_name,
    good_lines.birthday::date AS birthday,
    good_lines.locale,
    good_lines.gender,
    good_lines.joined_at::timestamptz AS joined_at,
    coalesce(good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz) AS modified_at,
    good_lines.modified_at IS NOT NULL AS has_version,
    CASE
        WHEN %(is_history)s::boolean THEN coalesce(good_lines.joined_at::timestamptz, %(snapshot_at)s::timestamptz)
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing.member AS good_lines
WHERE good_lines.batch_id = %(batch_id)s::bigint
