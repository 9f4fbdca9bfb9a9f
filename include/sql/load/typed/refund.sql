-- purpose: refunds of a batch as the facts hold them
-- grain:   one row per good line of the batch
-- params:  batch_id bigint, shop_id text, as_of timestamptz, snapshot_at timestamptz, is_history boolean
-- reads:   landing.refund, landing.quarantine
-- writes:  nothing
-- returns: many
SELECT
    good_lines.line_no,
    %(shop_id)s::text AS shop_id,
    good_lines.refund_id,
    good_lines.order_id,
    facts.minor_units(good_lines.amount, good_lines.currency) AS amount_minor,
    good_lines.currency::char(3) AS currency,
    coalesce(good_lines.state, 'succeeded') AS state,
    coalesce(
        good_lines.happened_at::timestamptz, good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz
    ) AS happened_at,
    coalesce(
        good_lines.modified_at::timestamptz, good_lines.happened_at::timestamptz, %(snapshot_at)s::timestamptz
    ) AS modified_at,
    coalesce(good_lines.modified_at, good_lines.happened_at) IS NOT NULL AS has_version,
    CASE WHEN %(is_history)s::boolean THEN coalesce(
            good_lines.happened_at::timestamptz, good_lines.modified_at::timestamptz, %(snapshot_at)s::timestamptz
        ) ELSE %(as_of)s::timestamptz END AS known_at
FROM (
    SELECT lines.*
    FROM landing.refund AS lines
    WHERE
        lines.batch_id = %(batch_id)s::bigint
        AND NOT EXISTS (
            SELECT 1
            FROM landing.quarantine AS quarantined
            WHERE quarantined.batch_id = lines.batch_id AND quarantined.line_no = lines.line_no
        )
    -- A fence: nothing of a quarantined line may be cast, wherever the planner would like to.
    OFFSET 0
) AS good_lines
