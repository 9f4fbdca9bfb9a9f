-- purpose: the newest line of each member in a batch, unless a newer version is known
-- grain:   one row per customer
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean
-- reads:   landing.member, contact.people, facts.customers
-- writes:  nothing
-- returns: many
SELECT DISTINCT ON (good_lines.customer_id)
    good_lines.customer_id,
    good_lines.phone,
    good_lines.email,
    coalesce(good_lines.is_synthetic::boolean, false) AS is_synthetic,
    good_lines.sms_promotional::boolean AS sms_promotional,
    good_lines.sms_promotional_at,
    good_lines.sms_promotional_method,
    good_lines.email_promotional::boolean AS email_promotional,
    good_lines.email_promotional_at,
    good_lines.email_promotional_method,
    customers.customer_no IS NULL AS is_new,
    (
        CASE
            WHEN %(is_history)s::boolean
                THEN coalesce(good_lines.joined_at::timestamptz, %(snapshot_at)s::timestamptz)
            ELSE %(as_of)s::timestamptz
        END
    )::text AS known_at
FROM landing.member AS good_lines
INNER JOIN contact.people
    ON people.shop_id = %(shop_id)s::text AND good_lines.customer_id = people.customer_id
LEFT JOIN facts.customers AS customers
    ON customers.shop_id = %(shop_id)s::text AND good_lines.customer_id = customers.customer_id
WHERE
    good_lines.batch_id = %(batch_id)s::bigint
    AND coalesce(good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz) >= people.modified_at
ORDER BY
    good_lines.customer_id ASC,
    coalesce(good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz) DESC,
    good_lines.line_no DESC
