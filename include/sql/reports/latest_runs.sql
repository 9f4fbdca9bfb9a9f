-- purpose: where every shop stands: its latest run of each cadence and what that run decided
-- grain:   one row per realm, shop and cadence
-- params:  none
-- reads:   ledger.run, ledger.gate, ledger.run_count
-- writes:  nothing
-- returns: many
WITH newest_runs AS (
    SELECT DISTINCT ON (runs.realm, runs.shop_id, runs.cadence) runs.*
    FROM ledger.run AS runs
    -- Test messages are nobody's run.
    WHERE runs.realm <> 'test'
    -- What recomputed a run does not stand before it.
    ORDER BY
        runs.realm ASC, runs.shop_id ASC, runs.cadence ASC, runs.as_of DESC, (runs.mode = 'send') DESC, runs.run_no DESC
),

decided_runs AS (
    SELECT
        counts.run_no,
        sum(counts.candidates)::bigint AS candidates,
        sum(counts.enqueued)::bigint AS enqueued
    FROM ledger.run_count AS counts
    INNER JOIN newest_runs AS runs ON counts.run_no = runs.run_no
    GROUP BY counts.run_no
)

SELECT
    runs.run_no,
    runs.realm,
    runs.shop_id,
    runs.cadence,
    runs.dag_id,
    runs.run_id,
    runs.as_of,
    runs.mode,
    runs.ended_real_at,
    gates.state AS gate_state,
    coalesce(decided.candidates, 0) AS candidates,
    coalesce(decided.enqueued, 0) AS enqueued
FROM newest_runs AS runs
LEFT JOIN ledger.gate AS gates ON runs.run_no = gates.run_no
LEFT JOIN decided_runs AS decided ON runs.run_no = decided.run_no
ORDER BY runs.realm, runs.shop_id, runs.cadence
