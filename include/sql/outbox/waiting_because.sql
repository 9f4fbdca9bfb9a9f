-- purpose: why messages that are due were not claimed
-- grain:   one row per reason
-- params:  realm text, shop_id text, at timestamptz, today date, allowed text[], closed_steps text[],
--          running_steps text[], blacked_out text[], sending_on boolean, environment_id uuid, host text,
--          port integer, versions jsonb
-- reads:   ledger.message, ledger.touch, ledger.approvals_at, ledger.gate, ledger.stop, ledger.environment,
--          record.heads
-- writes:  nothing
-- returns: many
-- The conditions of claim.sql, one by one: a test holds the two together.
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

due_messages AS (
    SELECT
        CASE
            WHEN NOT (SELECT own_seats.is_ours FROM own_seats) THEN 'other_environment'
            WHEN NOT %(sending_on)s::boolean THEN 'sending_off'
            WHEN EXISTS (
                SELECT FROM latest_stops AS stops
                WHERE
                    stops.is_stopped
                    AND (stops.shop_id IS NULL OR stops.shop_id = messages.shop_id)
                    AND (stops.campaign_id IS NULL OR stops.campaign_id = messages.campaign_id)
            ) THEN 'stopped'
            WHEN NOT messages.campaign_id || '/' || messages.step = ANY(%(running_steps)s::text[]) THEN 'campaign_off'
            WHEN
                messages.needs_approval
                AND NOT EXISTS (
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
                THEN 'approval'
            WHEN NOT EXISTS (
                SELECT FROM ledger.gate AS gates
                WHERE
                    gates.run_no = messages.enqueued_run_no
                    AND gates.state = 'passed'
            ) THEN 'gate_not_passed'
            WHEN messages.campaign_id || '/' || messages.step = ANY(%(blacked_out)s::text[]) THEN 'blackout'
            WHEN messages.planned_on < %(today)s::date THEN 'planned_day_passed'
            WHEN messages.channel || '/' || messages.purpose <> ALL(%(allowed)s::text[]) THEN 'quiet_hours'
            WHEN messages.campaign_id || '/' || messages.step = ANY(%(closed_steps)s::text[]) THEN 'quiet_hours'
            WHEN
                messages.max_staleness IS NOT NULL
                AND NOT EXISTS (
                    SELECT FROM record.heads AS heads
                    WHERE
                        heads.shop_id = messages.shop_id
                        AND heads.loaded_as_of >= %(at)s::timestamptz - messages.max_staleness
                )
                THEN 'stale_facts'
            -- What was claimed and given back to be mended: claimed again by the next dispatch, which tries anew.
            WHEN messages.reason IN ('render_error', 'no_template_code', 'unconfirmed') THEN messages.reason
            ELSE 'claimable'
        END AS reason
    FROM ledger.message AS messages
    WHERE
        messages.realm = %(realm)s::text
        AND messages.shop_id = %(shop_id)s::text
        AND messages.state = 'waiting'
        AND messages.not_before <= %(at)s::timestamptz
        AND messages.not_after > %(at)s::timestamptz
)

SELECT
    reason,
    count(*) AS messages
FROM due_messages
GROUP BY reason
ORDER BY reason
