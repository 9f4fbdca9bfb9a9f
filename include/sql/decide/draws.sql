-- purpose: what these people drew before an instant, under whatever identity; of several draws the smallest speaks
-- grain:   one row per campaign and person
-- params:  realm text, holdout_scope text, campaign_ids text[], identities uuid[], before timestamptz
-- reads:   ledger.holdout, facts.merged_identities
-- writes:  nothing
-- returns: many
SELECT
    holdouts.campaign_id,
    names.person AS identity,
    min(holdouts.draw) AS draw
FROM facts.names_of(%(identities)s::uuid[], %(before)s::timestamptz) AS names
INNER JOIN ledger.holdout AS holdouts ON names.identity = holdouts.identity
WHERE
    holdouts.realm = %(realm)s::text
    AND holdouts.holdout_scope = %(holdout_scope)s::text
    AND holdouts.campaign_id = ANY(%(campaign_ids)s::text[])
    AND holdouts.drawn_as_of < %(before)s::timestamptz
GROUP BY holdouts.campaign_id, names.person
