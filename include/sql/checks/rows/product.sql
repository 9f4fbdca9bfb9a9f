-- purpose: products no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.product
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.missing_key,
    judged.key_too_long,
    judged.unreadable_instant,
    judged.unreadable_amount,
    judged.negative_amount,
    judged.amount_too_large,
    judged.unknown_currency
FROM (
    SELECT
        lines.line_no,
        lines.product_id IS NULL AS missing_key,
        length(lines.product_id) > 200 AS key_too_long,
        (NOT landing.is_instant(lines.modified_at) OR NOT landing.is_instant(lines.listed_at)) AS unreadable_instant,
        NOT landing.is_amount(lines.price, facts.currency_exponent(lines.currency)) AS unreadable_amount,
        lines.price LIKE '-%%' AS negative_amount,
        NOT landing.fits_minor_units(lines.price, lines.currency) AS amount_too_large,
        (lines.currency IS NULL OR facts.currency_exponent(lines.currency) IS NULL) AS unknown_currency
    FROM landing.product AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.missing_key
    OR judged.key_too_long
    OR judged.unreadable_instant
    OR judged.unreadable_amount
    OR judged.negative_amount
    OR judged.amount_too_large
    OR judged.unknown_currency
