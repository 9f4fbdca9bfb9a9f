-- purpose: note an audience of a run with its size and the hashes of all it came from
-- grain:   the audience
-- params:  run_no bigint, campaign_id text, candidate_count bigint, audience_hash text, campaign_hash text,
--          statement_hash text, parameter_hash text
-- reads:   nothing
-- writes:  ledger.audience
-- returns: count
INSERT INTO ledger.audience (
    run_no, campaign_id, candidate_count, audience_hash, campaign_hash, statement_hash, parameter_hash
)
VALUES (
    %(run_no)s::bigint, %(campaign_id)s::text, %(candidate_count)s::bigint, %(audience_hash)s::text,
    %(campaign_hash)s::text, %(statement_hash)s::text, %(parameter_hash)s::text
)
