-- purpose: what recomputing a run found, in its own row or the one beside what it sent, beside what the ledger says of
--          the run it is compared with
-- grain:   one row per campaign, its newest recomputation
-- params:  run_no bigint
-- reads:   ledger.recomputation, ledger.run_count, ledger.audience, ledger.run
-- writes:  nothing
-- returns: many
WITH newest_recomputations AS (
    SELECT DISTINCT ON (recomputations.campaign_id) recomputations.*
    FROM ledger.run AS asked
    INNER JOIN ledger.run AS runs
        ON
            asked.realm = runs.realm
            AND asked.shop_id = runs.shop_id
            AND asked.dag_id = runs.dag_id
            AND asked.run_id = runs.run_id
    INNER JOIN ledger.recomputation AS recomputations ON runs.run_no = recomputations.run_no
    WHERE asked.run_no = %(run_no)s::bigint
    ORDER BY recomputations.campaign_id ASC, recomputations.recomputation_id DESC
)

SELECT
    recomputations.campaign_id,
    recomputations.candidate_count,
    recomputations.decisions,
    recomputations.differs_by,
    recomputations.computed_real_at,
    recomputations.compared_run_no,
    compared.run_id AS compared_run_id,
    compared.dag_id AS compared_dag_id,
    counts.candidates AS ledger_candidates,
    counts.enqueued AS ledger_enqueued,
    counts.repeated AS ledger_repeated,
    counts.held_out AS ledger_held_out,
    counts.suppressed AS ledger_suppressed,
    counts.capped AS ledger_capped,
    counts.outranked AS ledger_outranked,
    counts.expired AS ledger_expired,
    coalesce(audiences.audience_hash = recomputations.audience_hash, false) AS is_same_audience
FROM newest_recomputations AS recomputations
LEFT JOIN ledger.run AS compared ON recomputations.compared_run_no = compared.run_no
LEFT JOIN ledger.run_count AS counts
    ON
        recomputations.compared_run_no = counts.run_no
        AND recomputations.campaign_id = counts.campaign_id
LEFT JOIN ledger.audience AS audiences
    ON
        recomputations.compared_run_no = audiences.run_no
        AND recomputations.campaign_id = audiences.campaign_id
ORDER BY recomputations.campaign_id
