-- purpose: what was decided before about these occasions, whoever the person, by decisions earlier than an instant
-- grain:   one row per touch
-- params:  realm text, shop_id text, campaign_ids text[], steps text[], occasions text[], before timestamptz,
--          freed_before timestamptz
-- reads:   ledger.touch, ledger.decision, ledger.run, ledger.freed_round, facts.merged_identities
-- writes:  nothing
-- returns: many
-- before = infinity is the ledger as it is; what was freed is free if that was before freed_before (ledger.is_final).
-- A person of several identities may have several touches: the one that speaks comes last.
WITH asked_occasions AS (
    SELECT DISTINCT
        campaign_id,
        step,
        occasion
    FROM unnest(%(campaign_ids)s::text[], %(steps)s::text[], %(occasions)s::text[]) AS asked (
        campaign_id, step, occasion
    )
)

SELECT
    touches.touch_id,
    touches.campaign_id,
    touches.step,
    touches.occasion,
    facts.identity_of(touches.identity, %(before)s::timestamptz) AS identity,
    coalesce(freed.address_hash, touches.address_hash) AS address_hash,
    decisions.decision,
    decisions.reason,
    decisions.round,
    coalesce(freed.freed_at < %(freed_before)s::timestamptz, false) AS is_freed,
    decisions.as_of,
    decisions.dag_id,
    (decisions.detail ->> 'planned_on')::date AS planned_on
FROM asked_occasions
-- OFFSET 0: looked up by key, occasion by occasion, also while the planner knows nothing of a ledger just begun.
INNER JOIN LATERAL (
    SELECT
        known.touch_id,
        known.campaign_id,
        known.step,
        known.occasion,
        known.identity,
        known.address_hash
    FROM ledger.touch AS known
    WHERE
        known.realm = %(realm)s::text
        AND known.shop_id = %(shop_id)s::text
        AND known.campaign_id = asked_occasions.campaign_id
        AND known.step = asked_occasions.step
        AND known.occasion = asked_occasions.occasion
    OFFSET 0 -- noqa: AM09
) AS touches ON true
INNER JOIN LATERAL (
    SELECT
        made.decision,
        made.reason,
        made.as_of,
        made.round,
        made.detail,
        runs.dag_id
    FROM ledger.decision AS made
    INNER JOIN ledger.run AS runs ON made.run_no = runs.run_no
    WHERE
        made.touch_id = touches.touch_id
        AND made.as_of < %(before)s::timestamptz
    ORDER BY made.decision_id DESC
    LIMIT 1
) AS decisions ON true
LEFT JOIN ledger.freed_round AS freed
    ON
        touches.touch_id = freed.touch_id
        AND decisions.round = freed.round
ORDER BY
    CASE
        WHEN freed.freed_at < %(freed_before)s::timestamptz THEN 1
        WHEN decisions.decision IN ('enqueued', 'held_out') THEN 3
        WHEN decisions.decision = 'expired' THEN 2
        ELSE 1
    END,
    decisions.as_of,
    touches.touch_id
