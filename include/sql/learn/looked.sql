-- purpose: which of some things a shop's runs looked at, to learn them, in a span of instants; differing or not
-- grain:   one row per name
-- params:  realm text, shop_id text, names text[], since timestamptz, before timestamptz
-- reads:   ledger.run
-- writes:  nothing
-- returns: many
SELECT asked.name
FROM unnest(%(names)s::text[]) AS asked (name)
WHERE
    EXISTS (
        SELECT FROM ledger.run AS runs
        WHERE
            runs.realm = %(realm)s::text
            AND runs.shop_id = %(shop_id)s::text
            AND runs.as_of >= %(since)s::timestamptz
            AND runs.as_of < %(before)s::timestamptz
            AND runs.stage_seconds ? ('learn_' || asked.name)
    )
ORDER BY asked.name
