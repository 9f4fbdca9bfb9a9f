-- purpose: keep every campaign file that ever asked for an audience
-- grain:   one row per content
-- params:  file_hash text, campaign_id text, body text
-- reads:   nothing
-- writes:  ledger.campaign_version
-- returns: count
INSERT INTO ledger.campaign_version (file_hash, campaign_id, body)
VALUES (%(file_hash)s::text, %(campaign_id)s::text, %(body)s::text)
ON CONFLICT ON CONSTRAINT campaign_version_pk DO NOTHING
