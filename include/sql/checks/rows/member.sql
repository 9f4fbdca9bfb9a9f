-- purpose: members no one can take as they are
-- grain:   one row per landed line that breaks a rule; one column per rule, true where it is broken
-- params:  batch_id bigint
-- reads:   landing.member
-- writes:  nothing
-- returns: many
SELECT
    judged.line_no,
    judged.missing_key,
    judged.key_too_long,
    judged.unreadable_instant,
    judged.unreadable_day,
    judged.unreadable_flag,
    judged.consent_without_instant,
    judged.unknown_gender
FROM (
    SELECT
        lines.line_no,
        lines.customer_id IS NULL AS missing_key,
        length(lines.customer_id) > 200 AS key_too_long,
        (
            NOT landing.is_instant(lines.joined_at)
            OR NOT landing.is_instant(lines.modified_at)
            OR NOT landing.is_instant(lines.sms_promotional_at)
            OR NOT landing.is_instant(lines.email_promotional_at)
        ) AS unreadable_instant,
        (lines.birthday NOT LIKE '____-__-__' OR NOT pg_input_is_valid(lines.birthday, 'date')) AS unreadable_day,
        (
            NOT pg_input_is_valid(lines.sms_promotional, 'boolean')
            OR NOT pg_input_is_valid(lines.email_promotional, 'boolean')
            OR NOT pg_input_is_valid(lines.is_synthetic, 'boolean')
        ) AS unreadable_flag,
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
    judged.missing_key
    OR judged.key_too_long
    OR judged.unreadable_instant
    OR judged.unreadable_day
    OR judged.unreadable_flag
    OR judged.consent_without_instant
    OR judged.unknown_gender
