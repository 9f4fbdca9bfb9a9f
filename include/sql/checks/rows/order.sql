-- purpose: orders no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint, as_of timestamptz, as_of_day text
-- reads:   landing."order"
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.unknown_kind,
    judged.unknown_payment_state,
    judged.paid_before_created,
    judged.created_in_the_future
FROM (
    SELECT
        lines.line_no,
        lines.kind NOT IN ('normal', 'cash_on_delivery', 'price_difference', 'presale') AS unknown_kind,
        lines.payment_state NOT IN ('none', 'under_way', 'deposit_paid', 'paid') AS unknown_payment_state,
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
    judged.unknown_kind
    OR judged.unknown_payment_state
    OR judged.paid_before_created
    OR judged.created_in_the_future
