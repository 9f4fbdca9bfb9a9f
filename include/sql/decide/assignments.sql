-- purpose: who of these people was assigned to or out of holdout before an instant
-- grain:   one row per campaign and identity
-- params:  realm text, holdout_scope text, campaign_ids text[], identities uuid[], before timestamptz
-- reads:   ledger.holdout
-- writes:  nothing
-- returns: many
SELECT
    campaign_id,
    identity,
    is_held_out
FROM ledger.holdout
WHERE
    realm = %(realm)s::text
    AND holdout_scope = %(holdout_scope)s::text
    AND campaign_id = ANY(%(campaign_ids)s::text[])
    AND identity = ANY(%(identities)s::uuid[])
    AND assigned_as_of < %(before)s::timestamptz
