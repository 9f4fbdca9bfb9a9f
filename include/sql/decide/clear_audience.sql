-- purpose: make room for the audience of a run that is asked again; its candidates go with it
-- grain:   the audience
-- params:  run_no bigint, campaign_id text
-- reads:   nothing
-- writes:  ledger.audience, ledger.candidate
-- returns: count
DELETE FROM ledger.audience
WHERE
    run_no = %(run_no)s::bigint
    AND campaign_id = %(campaign_id)s::text
