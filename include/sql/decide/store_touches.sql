-- purpose: write the touches whose decision is new, another than before, or of a new round; a final one is never
--          written again
-- grain:   one row per touch written
-- params:  realm text, shop_id text, run_no bigint, dag_id text, as_of timestamptz, rows jsonb
-- reads:   ledger.freed_round
-- writes:  ledger.touch
-- returns: many
INSERT INTO ledger.touch AS touches (
    realm, shop_id, campaign_id, step, occasion, identity, customer_id, address_hash, round, decision, reason,
    variant, decided_as_of, decided_dag_id, decided_run_no
)
SELECT
    %(realm)s::text,
    %(shop_id)s::text,
    verdicts.campaign_id,
    verdicts.step,
    verdicts.occasion,
    verdicts.identity,
    verdicts.customer_id,
    verdicts.address_hash,
    verdicts.round,
    verdicts.decision,
    verdicts.reason,
    verdicts.variant,
    %(as_of)s::timestamptz,
    %(dag_id)s::text,
    %(run_no)s::bigint
FROM
    jsonb_to_recordset(%(rows)s::jsonb)
        AS verdicts (
            campaign_id text,
            step text,
            occasion text,
            identity uuid,
            customer_id text,
            address_hash text,
            round smallint,
            decision text,
            reason text,
            variant text
        )
ON CONFLICT ON CONSTRAINT one_touch_per_identity DO UPDATE
    SET
        customer_id = excluded.customer_id,
        address_hash = excluded.address_hash,
        round = excluded.round,
        decision = excluded.decision,
        reason = excluded.reason,
        variant = excluded.variant,
        decided_as_of = excluded.decided_as_of,
        decided_dag_id = excluded.decided_dag_id,
        decided_run_no = excluded.decided_run_no
    WHERE NOT ledger.is_final(touches.touch_id, touches.round, touches.decision, %(as_of)s::timestamptz)
    AND (touches.round, touches.decision, touches.reason)
    IS DISTINCT FROM (excluded.round, excluded.decision, excluded.reason)
RETURNING
    touches.touch_id,
    touches.campaign_id,
    touches.step,
    touches.occasion,
    touches.identity
