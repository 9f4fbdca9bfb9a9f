-- purpose: what went out of a shop, whichever run enqueued it: campaigns whose messages were enqueued since an instant
-- grain:   one row per campaign, the one that went out last first
-- params:  realm text, shop_id text, since timestamptz
-- reads:   ledger.run, ledger.message
-- writes:  nothing
-- returns: many
WITH campaign_runs AS (
    SELECT
        messages.campaign_id,
        runs.run_no,
        runs.dag_id,
        runs.run_id,
        count(*) FILTER (WHERE messages.state = 'accepted') AS accepted,
        count(*) FILTER (WHERE messages.state IN ('waiting', 'claimed', 'sending')) AS waiting,
        max(messages.state_at) FILTER (WHERE messages.state = 'accepted') AS last_at
    FROM ledger.run AS runs
    INNER JOIN ledger.message AS messages ON runs.run_no = messages.enqueued_run_no
    WHERE
        runs.realm = %(realm)s::text
        AND runs.shop_id = %(shop_id)s::text
        AND runs.as_of >= %(since)s::timestamptz
    GROUP BY messages.campaign_id, runs.run_no, runs.dag_id, runs.run_id
)

SELECT
    campaign_id,
    sum(accepted)::bigint AS accepted,
    sum(waiting)::bigint AS waiting,
    max(last_at) AS last_at,
    (array_agg(dag_id ORDER BY run_no DESC))[1] AS dag_id,
    (array_agg(run_id ORDER BY run_no DESC))[1] AS run_id
FROM campaign_runs
GROUP BY campaign_id
ORDER BY max(last_at) DESC NULLS LAST, campaign_id ASC
