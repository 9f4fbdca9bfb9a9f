-- purpose: the audience a DAG's run in mode send stored for an instant, the last if there were several, with the
--          configuration it was asked with
-- grain:   one row
-- params:  realm text, shop_id text, dag_id text, as_of timestamptz, campaign_id text
-- reads:   ledger.audience, ledger.run, ledger.campaign_version, ledger.parameter_version
-- writes:  nothing
-- returns: maybe
SELECT
    audiences.run_no,
    audiences.candidate_count,
    audiences.audience_hash,
    audiences.campaign_hash,
    audiences.statement_hash,
    audiences.parameter_hash,
    campaigns.body,
    parameters.body AS configured
FROM ledger.audience AS audiences
INNER JOIN ledger.run AS runs ON audiences.run_no = runs.run_no
LEFT JOIN ledger.campaign_version AS campaigns ON audiences.campaign_hash = campaigns.file_hash
LEFT JOIN ledger.parameter_version AS parameters ON audiences.parameter_hash = parameters.parameter_hash
WHERE
    runs.realm = %(realm)s::text
    AND runs.shop_id = %(shop_id)s::text
    AND runs.dag_id = %(dag_id)s::text
    AND runs.as_of = %(as_of)s::timestamptz
    AND audiences.campaign_id = %(campaign_id)s::text
ORDER BY audiences.run_no DESC
LIMIT 1
