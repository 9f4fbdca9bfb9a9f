-- purpose: put a test message to a listed address into the outbox of realm test
-- grain:   one row, the message
-- params:  shop_id text, campaign_id text, step text, occasion text, identity uuid, customer_id text,
--          address_kind text, address_hash text, purpose text, channel text, template text, variant text, locale text,
--          at timestamptz, not_after timestamptz, planned_on date, run_no bigint, dag_id text
-- reads:   nothing
-- writes:  ledger.touch, ledger.message
-- returns: one
WITH touches AS (
    INSERT INTO ledger.touch (
        realm, shop_id, campaign_id, step, occasion, identity, customer_id, address_hash, decision, decided_as_of,
        decided_dag_id, decided_run_no, variant
    )
    VALUES (
        'test', %(shop_id)s::text, %(campaign_id)s::text, %(step)s::text, %(occasion)s::text, %(identity)s::uuid,
        %(customer_id)s::text, %(address_hash)s::text, 'enqueued', %(at)s::timestamptz, %(dag_id)s::text,
        %(run_no)s::bigint, %(variant)s::text
    )
    RETURNING touch_id
)

INSERT INTO ledger.message (
    realm, shop_id, touch_id, campaign_id, step, purpose, channel, identity, customer_id, address_kind, address_hash,
    template, variant, locale, not_before, not_after, planned_on, enqueued_run_no, enqueued_as_of, state_at
)
SELECT
    'test' AS realm,
    %(shop_id)s::text AS shop_id,
    touch_id,
    %(campaign_id)s::text AS campaign_id,
    %(step)s::text AS step,
    %(purpose)s::text AS purpose,
    %(channel)s::text AS channel,
    %(identity)s::uuid AS identity,
    %(customer_id)s::text AS customer_id,
    %(address_kind)s::text AS address_kind,
    %(address_hash)s::text AS address_hash,
    %(template)s::text AS template,
    %(variant)s::text AS variant,
    %(locale)s::text AS locale,
    %(at)s::timestamptz AS not_before,
    %(not_after)s::timestamptz AS not_after,
    %(planned_on)s::date AS planned_on,
    %(run_no)s::bigint AS enqueued_run_no,
    %(at)s::timestamptz AS enqueued_as_of,
    %(at)s::timestamptz AS state_at
FROM touches
RETURNING message_id, touch_id
