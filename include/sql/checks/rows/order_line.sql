-- purpose: order lines no one can take as they are
--          (duplicate and price_not_positive only where the export promises that it holds no such line)
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.order_line
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.missing_key,
    judged.key_too_long,
    judged.unreadable_instant,
    judged.missing_amount,
    judged.unreadable_amount,
    judged.negative_amount,
    judged.amount_too_large,
    judged.unknown_currency,
    judged.unreadable_count,
    judged.unknown_kind,
    judged.duplicate,
    judged.price_not_positive
FROM (
    SELECT
        lines.line_no,
        (lines.order_id IS NULL OR lines.line_id IS NULL) AS missing_key,
        (length(lines.order_id) > 200 OR length(lines.line_id) > 200) AS key_too_long,
        NOT landing.is_instant(lines.modified_at) AS unreadable_instant,
        lines.net IS NULL AS missing_amount,
        (
            NOT landing.is_amount(lines.net, facts.currency_exponent(lines.currency))
            -- A price is for one piece and may be finer than the coin; the line's amount is not.
            OR lines.price !~ '^-?[0-9]+([.][0-9]*)?$'
        ) AS unreadable_amount,
        (
            lines.net LIKE '-%%'
            OR lines.price LIKE '-%%'
        ) AS negative_amount,
        (
            NOT landing.fits_minor_units(lines.net, lines.currency)
            OR NOT landing.fits_minor_units(lines.price, lines.currency)
        ) AS amount_too_large,
        (lines.currency IS NULL OR facts.currency_exponent(lines.currency) IS NULL) AS unknown_currency,
        (lines.quantity IS NULL OR NOT pg_input_is_valid(lines.quantity, 'integer')) AS unreadable_count,
        lines.kind NOT IN ('goods', 'service') AS unknown_kind,
        lines.line_no > repeated.first_line_no AS duplicate,
        CASE
            WHEN lines.priced = 'true' AND pg_input_is_valid(lines.price, 'numeric')
                THEN lines.price::numeric <= 0
        END AS price_not_positive
    FROM landing.order_line AS lines
    LEFT JOIN (
        SELECT
            promised.line_digest,
            min(promised.line_no) AS first_line_no
        FROM landing.order_line AS promised
        WHERE promised.batch_id = %(batch_id)s::bigint AND promised.line_digest IS NOT NULL
        GROUP BY promised.line_digest
        HAVING count(*) > 1
    ) AS repeated ON lines.line_digest = repeated.line_digest
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.missing_key
    OR judged.key_too_long
    OR judged.unreadable_instant
    OR judged.missing_amount
    OR judged.unreadable_amount
    OR judged.negative_amount
    OR judged.amount_too_large
    OR judged.unknown_currency
    OR judged.unreadable_count
    OR judged.unknown_kind
    OR judged.duplicate
    OR judged.price_not_positive
