-- purpose: take a test message in hand
-- grain:   the message, if it may go
-- params:  message_id bigint, at timestamptz, environment_id uuid, host text, port integer, lease interval
-- reads:   ledger.gate, ledger.stop, ledger.environment
-- writes:  ledger.message
-- returns: maybe
-- Of what claim.sql demands the part that holds for a test: this installation's own database, the gate row of its run,
-- and no kill switch of everything or of the shop. A stopped campaign may be tried: that is how it is mended. Consent,
-- quiet hours and blackouts speak of buyers; a test reaches listed addresses alone.
WITH latest_stops AS (
    SELECT DISTINCT ON (scope, shop_id, campaign_id)
        shop_id,
        campaign_id,
        is_stopped
    FROM ledger.stop
    ORDER BY scope ASC, shop_id ASC, campaign_id ASC, stop_id DESC
)

UPDATE ledger.message AS messages
SET
    state = 'claimed',
    state_at = %(at)s::timestamptz,
    lease_token = messages.lease_token + 1,
    lease_until = clock_timestamp() + %(lease)s::interval
WHERE
    messages.message_id = %(message_id)s::bigint
    AND messages.realm = 'test'
    AND messages.state = 'waiting'
    AND EXISTS (
        SELECT FROM ledger.gate AS gates
        WHERE
            gates.run_no = messages.enqueued_run_no
            AND gates.state = 'passed'
    )
    AND ledger.seat_differs_by(%(environment_id)s::uuid, %(host)s::text, %(port)s::integer) = '{}'::text[]
    AND NOT EXISTS (
        SELECT FROM latest_stops AS stops
        WHERE
            stops.is_stopped
            AND stops.campaign_id IS NULL
            AND (stops.shop_id IS NULL OR stops.shop_id = messages.shop_id)
    )
RETURNING
    messages.message_id,
    messages.lease_token,
    messages.address_hash
