-- purpose: buyers whose parcels are late, in trouble, or on the move again as of an instant, one text for all of them
-- grain:   one row per buyer
-- params:  realm text, shop_id text, as_of timestamptz, campaign_id text, logistics jsonb
-- reads:   record.parcels and what record.parcels_as_of reads besides, facts.shipments, facts.shipments_history,
--          facts.tracking_events, ledger.touch_cover
-- writes:  nothing
-- returns: many
-- The rules of a parcel's standing are in schema/0009; what is told when, in docs/logistics.md:
--   late     past its promised day, else past its norm; no earlier text spoke of it.
--   problem  trouble stands. As a second text only on a new fact: trouble known after the first, or a promise moved
--            to a later day than the one known then. Silence that goes on (stuck) is no new fact.
--   moving   it stood still when the last text spoke of it, and was scanned on its way after that.
-- Of a buyer one step at a time: trouble, then lateness, then good news. What reads the facts of one parcel stands
-- behind what is false for nearly all (coalesce, because NULL AND … would go on to read them).
WITH open_parcels AS MATERIALIZED (
    SELECT
        parcels.*,
        standings.late_from,
        standings.problem,
        standings.problem_from,
        standings.is_late,
        standings.is_moving,
        (
            SELECT max(covers.covered_as_of)
            FROM
                ledger.covers_as_of(
                    %(realm)s::text, %(shop_id)s::text, %(campaign_id)s::text, 'late', %(as_of)s::timestamptz
                ) AS covers
            WHERE covers.covered_id = parcels.shipment_id
        ) AS late_told_at,
        (
            SELECT max(covers.covered_as_of)
            FROM
                ledger.covers_as_of(
                    %(realm)s::text, %(shop_id)s::text, %(campaign_id)s::text, 'problem', %(as_of)s::timestamptz
                ) AS covers
            WHERE covers.covered_id = parcels.shipment_id
        ) AS problem_told_at
    FROM record.parcels_as_of(%(shop_id)s::text, %(as_of)s::timestamptz) AS parcels
    CROSS JOIN LATERAL facts.parcel_standing(parcels, %(logistics)s::jsonb, %(as_of)s::timestamptz) AS standings
    WHERE
        parcels.shipped_at > %(as_of)s::timestamptz - make_interval(
            secs => (%(logistics)s::jsonb ->> 'give_up_after')::float8
        )
),

judged_parcels AS MATERIALIZED (
    SELECT
        *,
        CASE
            WHEN
                problem IS NOT NULL AND problem_told_at IS NULL
                AND (late_told_at IS NULL OR (problem <> 'stuck' AND problem_from > late_told_at))
                THEN 1
            WHEN
                problem_told_at IS NULL AND coalesce(late_told_at < promised_at, false)
                AND facts.is_promise_worse(shop_id, shipment_id, promised_at, late_told_at)
                THEN 1
            WHEN is_late AND late_told_at IS NULL AND problem_told_at IS NULL THEN 2
            WHEN
                is_moving
                AND coalesce(moved_at > greatest(late_told_at, problem_told_at), false)
                AND facts.stood_still(
                    shop_id, shipment_id, shipped_at, greatest(late_told_at, problem_told_at), %(logistics)s::jsonb
                )
                AND NOT EXISTS (
                    SELECT FROM
                        ledger.covers_as_of(
                            %(realm)s::text, %(shop_id)s::text, %(campaign_id)s::text, 'moving', %(as_of)s::timestamptz
                        ) AS covers
                    WHERE covers.covered_id = open_parcels.shipment_id
                )
                THEN 3
        END AS rank,
        CASE WHEN has_refund_asked THEN 'refund_asked' END AS exclude_reason
    FROM open_parcels
),

-- Of each buyer the step that comes first; a parcel that is left out never stands for the others.
ranked_parcels AS (
    SELECT
        *,
        first_value(rank) OVER buyers AS buyer_rank,
        bool_or(exclude_reason IS NULL) OVER (PARTITION BY customer_no, rank) AS has_text,
        coalesce(CASE rank WHEN 1 THEN problem_from WHEN 2 THEN late_from WHEN 3 THEN moved_at END, late_told_at)
            AS due_at
    FROM judged_parcels
    WHERE rank IS NOT NULL
    WINDOW buyers AS (PARTITION BY customer_no ORDER BY exclude_reason IS NOT NULL, rank)
),

texts AS (
    SELECT
        customer_id,
        identity,
        (ARRAY['problem', 'late', 'moving'])[rank] AS step,
        (array_agg(shipment_id ORDER BY shipped_at, shipment_id))[1] AS occasion,
        (array_agg(due_at ORDER BY shipped_at, shipment_id))[1] AS not_before,
        (array_agg(exclude_reason ORDER BY shipped_at, shipment_id))[1] AS exclude_reason,
        array_agg(shipment_id ORDER BY shipped_at, shipment_id) AS covers,
        min(shipped_at) + make_interval(secs => (%(logistics)s::jsonb ->> 'give_up_after')::float8) AS not_after
    FROM ranked_parcels
    WHERE
        rank = buyer_rank
        AND has_text = (exclude_reason IS NULL)
    GROUP BY customer_no, customer_id, identity, rank
)

SELECT
    texts.customer_id,
    texts.identity,
    texts.step,
    texts.occasion,
    least(texts.not_before, %(as_of)s::timestamptz) AS not_before,
    texts.not_after,
    texts.covers,
    texts.exclude_reason,
    NULL::text AS stage
FROM texts
ORDER BY texts.occasion
