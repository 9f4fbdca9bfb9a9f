-- purpose: who of these people was assigned to or out of holdout before an instant, under whatever identity; held out
--          under one is held out
-- grain:   one row per campaign and person
-- params:  realm text, holdout_scope text, campaign_ids text[], identities uuid[], before timestamptz
-- reads:   ledger.holdout, facts.merged_identities
-- writes:  nothing
-- returns: many
SELECT
    holdouts.campaign_id,
    names.person AS identity,
    bool_or(holdouts.is_held_out) AS is_held_out
FROM facts.names_of(%(identities)s::uuid[], %(before)s::timestamptz) AS names
INNER JOIN ledger.holdout AS holdouts ON names.identity = holdouts.identity
WHERE
    holdouts.realm = %(realm)s::text
    AND holdouts.holdout_scope = %(holdout_scope)s::text
    AND holdouts.campaign_id = ANY(%(campaign_ids)s::text[])
    AND holdouts.assigned_as_of < %(before)s::timestamptz
GROUP BY holdouts.campaign_id, names.person
