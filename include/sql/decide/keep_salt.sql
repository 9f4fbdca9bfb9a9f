-- purpose: the salt a campaign's holdout was first drawn with; stored at the first decision
-- grain:   the campaign
-- params:  realm text, holdout_scope text, campaign_id text, salt text
-- reads:   ledger.holdout_salt
-- writes:  ledger.holdout_salt
-- returns: one
INSERT INTO ledger.holdout_salt AS salts (realm, holdout_scope, campaign_id, salt)
VALUES (%(realm)s::text, %(holdout_scope)s::text, %(campaign_id)s::text, %(salt)s::text)
ON CONFLICT ON CONSTRAINT holdout_salt_pk DO UPDATE SET salt = salts.salt
RETURNING salts.salt
