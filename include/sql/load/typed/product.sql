-- purpose: products of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean
-- reads:   landing.product
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.product_id,
    good_lines.title,
    good_lines.series,
    good_lines.category,
    facts.minor_units(good_lines.price, good_lines.currency) AS price_minor,
    good_lines.currency::char(3) AS currency,
    good_lines.listed_at::timestamptz AS listed_at,
    good_lines.size,
    coalesce(good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz) AS modified_at,
    good_lines.modified_at IS NOT NULL AS has_version,
    -- A product is as old as its listing; without one, as its version, else as the catalogue it stands in.
    CASE
        WHEN %(is_history)s::boolean
            THEN coalesce(
                good_lines.listed_at::timestamptz, good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz
            )
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing.product AS good_lines
WHERE good_lines.batch_id = %(batch_id)s::bigint
