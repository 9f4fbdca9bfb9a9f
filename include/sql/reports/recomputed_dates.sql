-- purpose: what recomputes of a DAG found, instant by instant, beside what the ledger says of each
-- grain:   one row per instant looked from and campaign, its newest recomputation
-- params:  dag_id text, since timestamptz, until timestamptz
-- reads:   ledger.recomputation, ledger.run, ledger.run_count
-- writes:  nothing
-- returns: many
WITH newest_recomputations AS (
    SELECT DISTINCT ON (runs.realm, runs.as_of, recomputations.campaign_id)
        runs.realm,
        runs.shop_id,
        runs.as_of,
        runs.run_id,
        recomputations.campaign_id,
        recomputations.candidate_count,
        recomputations.decisions,
        recomputations.differs_by,
        recomputations.detail,
        recomputations.compared_run_no,
        recomputations.computed_real_at,
        count(*) OVER (PARTITION BY runs.realm, runs.as_of, recomputations.campaign_id) AS times
    FROM ledger.run AS runs
    INNER JOIN ledger.recomputation AS recomputations ON runs.run_no = recomputations.run_no
    WHERE
        runs.dag_id = %(dag_id)s::text
        AND runs.as_of >= %(since)s::timestamptz
        AND runs.as_of < %(until)s::timestamptz
    ORDER BY
        runs.realm ASC, runs.as_of ASC, recomputations.campaign_id ASC, recomputations.recomputation_id DESC
)

SELECT
    recomputations.*,
    counts.candidates AS ledger_candidates,
    counts.enqueued AS ledger_enqueued,
    (recomputations.decisions ->> 'enqueued')::bigint AS enqueued
FROM newest_recomputations AS recomputations
LEFT JOIN ledger.run_count AS counts
    ON
        recomputations.compared_run_no = counts.run_no
        AND recomputations.campaign_id = counts.campaign_id
ORDER BY recomputations.as_of DESC, recomputations.realm ASC, recomputations.campaign_id ASC
