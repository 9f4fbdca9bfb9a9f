-- purpose: keep the draws of chance a run made
-- grain:   one row per campaign and identity
-- params:  realm text, holdout_scope text, as_of timestamptz, rows jsonb
-- reads:   nothing
-- writes:  ledger.holdout
-- returns: count
INSERT INTO ledger.holdout (realm, holdout_scope, campaign_id, identity, draw, drawn_as_of)
SELECT
    %(realm)s::text,
    %(holdout_scope)s::text,
    draws.campaign_id,
    draws.identity,
    draws.draw,
    %(as_of)s::timestamptz
FROM jsonb_to_recordset(%(rows)s::jsonb) AS draws (campaign_id text, identity uuid, draw double precision)
ON CONFLICT ON CONSTRAINT holdout_pk DO NOTHING
