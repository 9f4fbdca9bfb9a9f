-- purpose: reviews of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean
-- reads:   landing.review
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.order_id,
    good_lines.review_id,
    good_lines.score::smallint AS score,
    coalesce(
        good_lines.happened_at::timestamptz, good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz
    ) AS happened_at,
    coalesce(
        good_lines.modified_at::timestamptz, good_lines.happened_at::timestamptz, %(snapshot_at)s::timestamptz
    ) AS modified_at,
    coalesce(good_lines.modified_at, good_lines.happened_at) IS NOT NULL AS has_version,
    CASE
        WHEN %(is_history)s::boolean
            THEN coalesce(
                good_lines.happened_at::timestamptz, good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz
            )
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing.review AS good_lines
WHERE good_lines.batch_id = %(batch_id)s::bigint
