-- purpose: what there is of a customer, and of the person they are, that a merge keeps
-- grain:   one row
-- params:  shop_id text, customer_id text, customer_no bigint, identity uuid, as_of timestamptz
-- reads:   contact.contact_points, contact.people, record.manual_tags, ledger.worklist, ledger.touch, ledger.message,
--          ledger.withheld_message, facts.merged_identities, facts.merged_customers
-- writes:  nothing
-- returns: one
WITH names AS (
    SELECT identity
    FROM facts.identities_of(%(identity)s::uuid, %(as_of)s::timestamptz)
)

SELECT
    (
        SELECT count(*)
        FROM contact.contact_points
        WHERE
            shop_id = %(shop_id)s::text
            AND customer_id = %(customer_id)s::text
    ) AS contact_points,
    (
        SELECT count(*)
        FROM contact.people
        WHERE
            shop_id = %(shop_id)s::text
            AND customer_id = %(customer_id)s::text
    ) AS member_lines,
    (
        SELECT count(*)
        FROM record.manual_tags
        WHERE
            shop_id = %(shop_id)s::text
            AND customer_no = %(customer_no)s::bigint
    ) AS tags_of_agents,
    (
        SELECT count(*)
        FROM ledger.worklist
        WHERE
            shop_id = %(shop_id)s::text
            AND customer_id = %(customer_id)s::text
    ) AS tasks,
    (
        SELECT count(*)
        FROM names
        INNER JOIN ledger.touch AS touches ON names.identity = touches.identity
    ) AS touches,
    (
        SELECT count(*)
        FROM names
        INNER JOIN ledger.message AS messages ON names.identity = messages.identity
    ) AS messages,
    (
        SELECT count(DISTINCT messages.campaign_id)
        FROM names
        INNER JOIN ledger.withheld_message AS messages ON names.identity = messages.identity
    ) AS held_out_of
