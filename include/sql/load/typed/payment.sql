-- purpose: payments of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, is_history boolean
-- reads:   landing.payment
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.payment_id,
    good_lines.order_id,
    good_lines.kind,
    facts.minor_units(good_lines.amount, good_lines.currency) AS amount_minor,
    good_lines.currency::char(3) AS currency,
    coalesce(good_lines.state, 'succeeded') AS state,
    good_lines.happened_at::timestamptz AS happened_at,
    coalesce(good_lines.modified_at::timestamptz, good_lines.happened_at::timestamptz) AS modified_at,
    true AS has_version,
    CASE
        WHEN %(is_history)s::boolean THEN good_lines.happened_at::timestamptz
        ELSE %(as_of)s::timestamptz
    END AS known_at
FROM landing.payment AS good_lines
WHERE good_lines.batch_id = %(batch_id)s::bigint
