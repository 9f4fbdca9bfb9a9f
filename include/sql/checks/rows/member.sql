-- purpose: members no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.member
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.consent_without_instant,
    judged.unknown_gender
FROM (
    SELECT
        lines.line_no,
        (
            -- Consent that says not when it was given proves nothing.
            lines.sms_promotional_at IS NULL AND CASE
                WHEN pg_input_is_valid(lines.sms_promotional, 'boolean') THEN lines.sms_promotional::boolean
            END
            OR lines.email_promotional_at IS NULL AND CASE
                WHEN pg_input_is_valid(lines.email_promotional, 'boolean') THEN lines.email_promotional::boolean
            END
        ) AS consent_without_instant,
        lines.gender NOT IN ('female', 'male', 'other') AS unknown_gender
    FROM landing.member AS lines
    WHERE lines.batch_id = %(batch_id)s::bigint
) AS judged
WHERE
    judged.consent_without_instant
    OR judged.unknown_gender
