-- purpose: orders no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint, as_of timestamptz, as_of_day text
-- reads:   landing."order"
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.missing_key,
    judged.key_too_long,
    judged.missing_instant,
    judged.unreadable_instant,
    judged.missing_amount,
    judged.unreadable_amount,
    judged.negative_amount,
    judged.amount_too_large,
    judged.unknown_currency,
    judged.unknown_kind,
    judged.unknown_payment_state,
    judged.unreadable_count,
    judged.paid_before_created,
    judged.created_in_the_future
FROM (
    SELECT
        lines.line_no,
        lines.order_id IS NULL AS missing_key,
        (length(lines.order_id) > 200 OR length(lines.customer_id) > 200) AS key_too_long,
        lines.created_at IS NULL AS missing_instant,
        (
            NOT landing.is_instant(lines.created_at)
            OR NOT landing.is_instant(lines.paid_at)
            OR NOT landing.is_instant(lines.closes_at)
            OR NOT landing.is_instant(lines.closed_at)
            OR NOT landing.is_instant(lines.shipped_at)
            OR NOT landing.is_instant(lines.finished_at)
            OR NOT landing.is_instant(lines.modified_at)
        ) AS unreadable_instant,
        lines.total IS NULL AS missing_amount,
        (
            NOT landing.is_amount(lines.total, facts.currency_exponent(lines.currency))
            OR NOT landing.is_amount(lines.paid, facts.currency_exponent(lines.currency))
            OR NOT landing.is_amount(lines.discount, facts.currency_exponent(lines.currency))
            OR NOT landing.is_amount(lines.coupon, facts.currency_exponent(lines.currency))
        ) AS unreadable_amount,
        (
            lines.total LIKE '-%%'
            OR lines.paid LIKE '-%%'
            OR lines.discount LIKE '-%%'
            OR lines.coupon LIKE '-%%'
        ) AS negative_amount,
        (
            NOT landing.fits_minor_units(lines.total, lines.currency)
            OR NOT landing.fits_minor_units(lines.paid, lines.currency)
            OR NOT landing.fits_minor_units(lines.discount, lines.currency)
            OR NOT landing.fits_minor_units(lines.coupon, lines.currency)
        ) AS amount_too_large,
        (lines.currency IS NULL OR facts.currency_exponent(lines.currency) IS NULL) AS unknown_currency,
        lines.kind NOT IN ('normal', 'cash_on_delivery', 'price_difference', 'presale') AS unknown_kind,
        lines.payment_state NOT IN ('none', 'under_way', 'deposit_paid', 'paid') AS unknown_payment_state,
        NOT pg_input_is_valid(lines.item_count, 'integer') AS unreadable_count,
        CASE
            -- In one offset, text that is not less is not earlier: few lines need the dear look.
            WHEN lines.paid_at >= lines.created_at AND right(lines.paid_at, 6) = right(lines.created_at, 6) THEN false
            WHEN landing.is_instant(lines.paid_at) AND landing.is_instant(lines.created_at)
                -- An hour of grace: two systems stamp the two.
                THEN lines.paid_at::timestamptz < lines.created_at::timestamptz - interval '1 hour'
        END AS paid_before_created,
        CASE
            WHEN lines.created_at < %(as_of_day)s::text THEN false
            WHEN landing.is_instant(lines.created_at)
                THEN lines.created_at::timestamptz > %(as_of)s::timestamptz + interval '1 day'
        END AS created_in_the_future
    FROM landing."order" AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.missing_key
    OR judged.key_too_long
    OR judged.missing_instant
    OR judged.unreadable_instant
    OR judged.missing_amount
    OR judged.unreadable_amount
    OR judged.negative_amount
    OR judged.amount_too_large
    OR judged.unknown_currency
    OR judged.unknown_kind
    OR judged.unknown_payment_state
    OR judged.unreadable_count
    OR judged.paid_before_created
    OR judged.created_in_the_future
