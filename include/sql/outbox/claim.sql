-- purpose: take due messages of one channel in hand, with what people held out would get, for one dispatcher alone
-- grain:   one row per message claimed
-- params:  realm text, shop_id text, channel text, at timestamptz, today date, allowed text[], closed_steps text[],
--          running_steps text[], sending_on boolean, environment_id uuid, host text, port integer,
--          shard integer, shards integer, skipped bigint[], claim_size integer, lease interval, versions jsonb
-- reads:   ledger.approvals_at, ledger.touch, ledger.gate, ledger.stop, ledger.environment, record.heads
-- writes:  ledger.outbox
-- returns: many
-- reach.sql and valid/ judge the rows before the same transaction ends; waiting_because.sql tells why one was left.
WITH latest_stops AS (
    SELECT DISTINCT ON (scope, shop_id, campaign_id)
        shop_id,
        campaign_id,
        is_stopped
    FROM ledger.stop
    ORDER BY scope ASC, shop_id ASC, campaign_id ASC, stop_id DESC
),

own_seats AS MATERIALIZED (
    SELECT ledger.seat_differs_by(%(environment_id)s::uuid, %(host)s::text, %(port)s::integer) = '{}'::text[] AS is_ours
),

-- Approved is what was answered for the batch as it stands, with today's campaign file and templates.
approved_batches AS MATERIALIZED (
    SELECT approvals.*
    FROM ledger.approvals_at(%(realm)s::text, %(shop_id)s::text, %(at)s::timestamptz, %(versions)s::jsonb) AS approvals
    WHERE approvals.answer = 'approved'
),

due_messages AS MATERIALIZED (
    SELECT messages.message_id
    FROM ledger.outbox AS messages
    WHERE
        messages.realm = %(realm)s::text
        AND messages.shop_id = %(shop_id)s::text
        AND messages.channel = %(channel)s::text
        AND messages.state = 'waiting'
        AND messages.not_before <= %(at)s::timestamptz
        AND messages.not_after > %(at)s::timestamptz
        AND messages.planned_on >= %(today)s::date
        AND mod(messages.message_id, %(shards)s::integer) = %(shard)s::integer
        AND messages.message_id <> ALL(%(skipped)s::bigint[])
        AND %(sending_on)s::boolean
        AND (SELECT own_seats.is_ours FROM own_seats)
        AND messages.channel || '/' || messages.purpose = ANY(%(allowed)s::text[])
        AND messages.campaign_id || '/' || messages.step <> ALL(%(closed_steps)s::text[])
        AND (
            %(running_steps)s::text[] IS NULL
            OR messages.campaign_id || '/' || messages.step = ANY(%(running_steps)s::text[])
        )
        AND (
            NOT messages.needs_approval
            OR EXISTS (
                SELECT FROM approved_batches AS approved
                WHERE
                    approved.run_no = messages.enqueued_run_no
                    AND approved.campaign_id = messages.campaign_id
                    AND approved.occasion = (
                        SELECT touches.occasion
                        FROM ledger.touch AS touches
                        WHERE touches.touch_id = messages.touch_id
                    )
            )
        )
        AND EXISTS (
            SELECT FROM ledger.gate AS gates
            WHERE
                gates.run_no = messages.enqueued_run_no
                AND gates.state = 'passed'
        )
        AND NOT EXISTS (
            SELECT FROM latest_stops AS stops
            WHERE
                stops.is_stopped
                AND (stops.shop_id IS NULL OR stops.shop_id = messages.shop_id)
                AND (stops.campaign_id IS NULL OR stops.campaign_id = messages.campaign_id)
        )
        AND (
            messages.max_staleness IS NULL
            OR EXISTS (
                SELECT FROM record.heads AS heads
                WHERE
                    heads.shop_id = messages.shop_id
                    AND heads.loaded_as_of >= %(at)s::timestamptz - messages.max_staleness
            )
        )
    -- In the order of the index and no finer, so that a claim costs what it takes and not what is waiting.
    ORDER BY messages.not_before
    LIMIT %(claim_size)s::integer
    FOR UPDATE OF messages SKIP LOCKED
)

UPDATE ledger.outbox AS messages
SET
    state = 'claimed',
    reason = NULL,
    state_at = %(at)s::timestamptz,
    lease_token = messages.lease_token + 1,
    lease_until = clock_timestamp() + %(lease)s::interval
FROM due_messages
WHERE messages.message_id = due_messages.message_id
RETURNING
    messages.message_id,
    messages.lease_token,
    messages.campaign_id,
    messages.step,
    messages.purpose,
    messages.channel,
    messages.address_hash,
    messages.template,
    messages.variant,
    messages.locale,
    messages.valid_while,
    messages.offer_id,
    messages.is_held_out
