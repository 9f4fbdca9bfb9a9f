-- purpose: note what a run in mode recompute found, beside what the ledger says of that instant
-- grain:   one row, the campaign
-- params:  run_no bigint, campaign_id text, compared_run_no bigint, candidate_count bigint, audience_hash text,
--          differs_by text[], decisions jsonb, detail jsonb
-- reads:   nothing
-- writes:  ledger.recomputation
-- returns: count
INSERT INTO ledger.recomputation (
    run_no, campaign_id, compared_run_no, candidate_count, audience_hash, differs_by, decisions, detail
)
VALUES (
    %(run_no)s::bigint, %(campaign_id)s::text, %(compared_run_no)s::bigint, %(candidate_count)s::bigint,
    %(audience_hash)s::text, %(differs_by)s::text[], %(decisions)s::jsonb, %(detail)s::jsonb
)
