-- purpose: payments no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.payment
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
    judged.unknown_state
FROM (
    SELECT
        lines.line_no,
        (lines.payment_id IS NULL OR lines.order_id IS NULL) AS missing_key,
        (
            length(lines.payment_id) > 200 OR length(lines.order_id) > 200
        ) AS key_too_long,
        lines.happened_at IS NULL AS missing_instant,
        (
            NOT landing.is_instant(lines.happened_at)
            OR NOT landing.is_instant(lines.modified_at)
        ) AS unreadable_instant,
        lines.amount IS NULL AS missing_amount,
        NOT landing.is_amount(lines.amount, facts.currency_exponent(lines.currency)) AS unreadable_amount,
        lines.amount LIKE '-%%' AS negative_amount,
        NOT landing.fits_minor_units(lines.amount, lines.currency) AS amount_too_large,
        (lines.currency IS NULL OR facts.currency_exponent(lines.currency) IS NULL) AS unknown_currency,
        lines.state NOT IN ('started', 'succeeded', 'failed', 'cancelled') AS unknown_state
    FROM landing.payment AS lines
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
    OR judged.unknown_state
