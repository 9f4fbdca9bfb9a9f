-- purpose: the salt a campaign's holdout was first drawn with; stored at the first decision
-- grain:   the campaign
-- params:  realm text, holdout_scope text, campaign_id text, salt text
-- reads:   ledger.holdout_salt
-- writes:  ledger.holdout_salt
-- returns: one
WITH first_salts AS (
    INSERT INTO ledger.holdout_salt (realm, holdout_scope, campaign_id, salt)
    VALUES (%(realm)s::text, %(holdout_scope)s::text, %(campaign_id)s::text, %(salt)s::text)
    ON CONFLICT ON CONSTRAINT holdout_salt_pk DO NOTHING
    RETURNING salt
)

SELECT salt
FROM first_salts
UNION ALL
SELECT salt
FROM ledger.holdout_salt
WHERE
    realm = %(realm)s::text
    AND holdout_scope = %(holdout_scope)s::text
    AND campaign_id = %(campaign_id)s::text
