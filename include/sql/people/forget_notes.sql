-- purpose: empty what was written beside the merges of a person's customers; that they were merged stays
-- grain:   one row per merge
-- params:  shop_id text, identity uuid
-- reads:   facts.customers, facts.merged_identities
-- writes:  facts.merges
-- returns: count
UPDATE facts."merges" AS said
SET note = NULL
FROM facts.accounts_of(%(shop_id)s::text, %(identity)s::uuid, 'infinity') AS accounts
WHERE
    (said.from_customer_no = ANY(accounts.customer_nos) OR said.into_customer_no = ANY(accounts.customer_nos))
    AND said.note IS NOT NULL
