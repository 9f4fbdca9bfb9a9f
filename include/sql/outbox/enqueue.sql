-- purpose: put messages of a run into the outbox, and what people held out of it would have got; what is there already
--          stays as it is
-- grain:   one row per message, those withheld not counted
-- params:  realm text, shop_id text, run_no bigint, as_of timestamptz, rows jsonb
-- reads:   nothing
-- writes:  ledger.message, ledger.withheld_message
-- returns: count
WITH given_messages AS (
    SELECT rows.*
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS rows (
        touch_id bigint,
        campaign_id text,
        step text,
        purpose text,
        channel text,
        identity uuid,
        customer_id text,
        address_kind text,
        address_hash text,
        template text,
        variant text,
        locale text,
        valid_while text[],
        max_staleness interval,
        needs_approval boolean,
        offer_id text,
        not_before timestamptz,
        not_after timestamptz,
        planned_on date,
        round smallint,
        is_held_out boolean,
        holdout_percent double precision
    )
),

withheld_messages AS (
    INSERT INTO ledger.withheld_message (
        realm, shop_id, touch_id, campaign_id, step, purpose, channel, identity, customer_id, address_kind,
        address_hash, template, variant, locale, valid_while, max_staleness, needs_approval, offer_id, not_before,
        not_after, planned_on, round, holdout_percent, enqueued_run_no, enqueued_as_of, state_at
    )
    SELECT
        %(realm)s::text,
        %(shop_id)s::text,
        touch_id,
        campaign_id,
        step,
        purpose,
        channel,
        identity,
        customer_id,
        address_kind,
        address_hash,
        template,
        variant,
        locale,
        coalesce(valid_while, '{}') AS valid_while,
        max_staleness,
        coalesce(needs_approval, false) AS needs_approval,
        offer_id,
        not_before,
        not_after,
        planned_on,
        coalesce(round, 1::smallint) AS round,
        coalesce(holdout_percent, 0) AS holdout_percent,
        %(run_no)s::bigint,
        %(as_of)s::timestamptz,
        %(as_of)s::timestamptz
    FROM given_messages
    WHERE is_held_out
    ORDER BY touch_id, channel
    ON CONFLICT (touch_id, channel, round) DO NOTHING
)

INSERT INTO ledger.message (
    realm, shop_id, touch_id, campaign_id, step, purpose, channel, identity, customer_id, address_kind, address_hash,
    template, variant, locale, valid_while, max_staleness, needs_approval, offer_id, not_before, not_after, planned_on,
    round, holdout_percent, enqueued_run_no, enqueued_as_of, state_at
)
SELECT
    %(realm)s::text,
    %(shop_id)s::text,
    touch_id,
    campaign_id,
    step,
    purpose,
    channel,
    identity,
    customer_id,
    address_kind,
    address_hash,
    template,
    variant,
    locale,
    coalesce(valid_while, '{}') AS valid_while,
    max_staleness,
    coalesce(needs_approval, false) AS needs_approval,
    offer_id,
    not_before,
    not_after,
    planned_on,
    coalesce(round, 1::smallint) AS round,
    coalesce(holdout_percent, 0) AS holdout_percent,
    %(run_no)s::bigint,
    %(as_of)s::timestamptz,
    %(as_of)s::timestamptz
FROM given_messages
WHERE NOT coalesce(is_held_out, false)
ORDER BY touch_id, channel
ON CONFLICT (touch_id, channel, round) DO NOTHING
