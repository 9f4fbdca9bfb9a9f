-- Parcels: where each is as of an instant, whether it is late or in trouble by the shop's norms, and which are open.
--
-- The rules, for scans in any order, doubled or missing; only scans that had happened and were known by T count:
-- 1. A parcel is over once it was delivered, returned or cancelled, whatever is scanned after that; once its order is
--    closed or finished; once a refund of its order succeeded. Nobody is told anything about it then.
-- 2. Once refused or on its way back it never counts as on its way again: what moves then, moves to the sender.
-- 3. Any other trouble (lost, exception, delayed, a failed attempt that nothing follows) stands until a later scan of
--    its way; at the very same instant the way speaks. The word `other` and a printed label say nothing.
-- 4. Moving scans older than three days before the ship click are another parcel's (tracking numbers are used again);
--    an end counts whenever it was scanned: in doubt nobody is written to.
-- 5. Waiting for its buyer at a pick-up point it is neither late nor stuck.
-- 6. A promised day is kept until it ends in the buyer's zone (any midnight of the shop's or the buyer's zone is that
--    whole day; another time is kept to the minute). Without a promise: normal days from the day of the first scan, and
--    that day is kept until it ends. A promise rules over the norm both ways, and needs no scan.
-- 7. Stuck: no scan for as long as the norms say, if they say so.

CREATE INDEX shipments_shipped ON facts.shipments (shop_id, shipped_at);
CREATE INDEX refunds_history_of_order ON facts.refunds_history (shop_id, order_id);
CREATE INDEX shipments_of_batch ON facts.shipments USING brin (batch_id) WITH (pages_per_range = 16);
CREATE INDEX tracking_events_of_batch ON facts.tracking_events USING brin (batch_id) WITH (pages_per_range = 16);

CREATE TABLE record.logistics (
    shop_id text NOT NULL,
    kept_as_of timestamptz NOT NULL,
    digest text NOT NULL,
    rules jsonb NOT NULL,
    CONSTRAINT logistics_pk PRIMARY KEY (shop_id, kept_as_of)
);
COMMENT ON TABLE record.logistics IS
'The norms of config/logistics.yaml a shop''s runs worked by, append-only: a row when they changed. Durations in '
'seconds.';
COMMENT ON CONSTRAINT logistics_pk ON record.logistics IS 'One set of norms from an instant on.';

CREATE TABLE record.parcels (
    shop_id text NOT NULL,
    shipment_id text NOT NULL,
    order_id text NOT NULL,
    customer_no bigint NOT NULL,
    customer_id text NOT NULL,
    identity uuid NOT NULL,
    carrier text,
    region text,
    shipped_at timestamptz NOT NULL,
    promised_at timestamptz,
    first_scan_at timestamptz,
    moved_at timestamptz,
    moved_state text,
    problem_at timestamptz,
    problem_state text,
    problem_known_at timestamptz,
    turned_back_at timestamptz,
    turned_back_known_at timestamptz,
    turned_back_state text,
    has_refund_asked boolean NOT NULL,
    is_open boolean NOT NULL,
    next_at timestamptz,
    CONSTRAINT parcels_pk PRIMARY KEY (shop_id, shipment_id)
) WITH (fillfactor = 70);
CREATE INDEX parcels_shipped ON record.parcels (shop_id, shipped_at);
CREATE INDEX parcels_of_customer ON record.parcels (customer_no);
CREATE INDEX parcels_next ON record.parcels (shop_id, next_at) WHERE next_at IS NOT NULL;
COMMENT ON TABLE record.parcels IS
'Parcels open at the head, as facts.open_parcels_as_of sees them there; one that is over, or clicked '
'before the horizon, has no row. Room is left in '
'its pages, so that a scan changes a row where it stands.';
COMMENT ON COLUMN record.parcels.identity IS 'Of the customer, beside it: who is due is read here and nowhere else.';
COMMENT ON COLUMN record.parcels.first_scan_at IS 'The carrier''s first scan: norms count from it, not from the click.';
COMMENT ON COLUMN record.parcels.moved_at IS 'Last scan of its way.';
COMMENT ON COLUMN record.parcels.problem_state IS 'Last scan that is no way and no end; out_of_area by its words.';
COMMENT ON COLUMN record.parcels.problem_known_at IS 'When that scan had happened and was known.';
COMMENT ON COLUMN record.parcels.turned_back_at IS 'First scan refused or returning; turned_back_state is the last.';
COMMENT ON COLUMN record.parcels.is_open IS 'false: nothing of it has happened by the head yet.';
COMMENT ON COLUMN record.parcels.next_at IS 'When a fact known already, and later than the head, changes it.';
COMMENT ON CONSTRAINT parcels_pk ON record.parcels IS 'One row per open parcel.';

CREATE FUNCTION facts.scan_kind(p_state text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN p_state IN ('delivered', 'returned', 'cancelled') THEN 'end'
    WHEN p_state IN ('label_created', 'other') THEN 'silent'
    WHEN p_state IN ('refused', 'returning') THEN 'back'
    WHEN p_state IN ('lost', 'exception', 'delayed', 'attempt_failed') THEN 'trouble'
    ELSE 'way'
END
$$;
COMMENT ON FUNCTION facts.scan_kind(text) IS 'What a scan tells of a parcel: its way, trouble, its way back, its end.';

CREATE FUNCTION facts.is_out_of_area(p_state text, p_description text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT
    p_state IN ('exception', 'delayed', 'attempt_failed')
    AND p_description ~* '超区|超出(派送|配送|服务|投递)?(范围|区域)|不在(派送|配送|服务|投递)(范围|区域)|out of (delivery |service )?(area|zone|range)'
$$;
COMMENT ON FUNCTION facts.is_out_of_area(text, text) IS
'Whether a scan of trouble says that the carrier does not go there.';

CREATE FUNCTION facts.parcel_log(p_shop text, p_shipment text, p_shipped_at timestamptz, p_as_of timestamptz)
RETURNS TABLE (
    first_scan_at timestamptz, moved_at timestamptz, moved_state text, problem_at timestamptz, problem_state text,
    problem_known_at timestamptz, turned_back_at timestamptz, turned_back_known_at timestamptz, turned_back_state text,
    end_state text
)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    min(happened_at) FILTER (WHERE kind IN ('way', 'trouble', 'back', 'end') AND is_own),
    max(happened_at) FILTER (WHERE kind = 'way' AND is_own),
    (array_agg(state ORDER BY happened_at DESC, array_position(ARRAY[
        'ready_for_pickup', 'out_for_delivery', 'arrived_city', 'customs', 'in_transit', 'picked_up'
    ], state)) FILTER (WHERE kind = 'way' AND is_own))[1],
    max(happened_at) FILTER (WHERE kind = 'trouble' AND is_own),
    (array_agg(word ORDER BY happened_at DESC, array_position(ARRAY[
        'lost', 'out_of_area', 'exception', 'attempt_failed', 'delayed'
    ], word)) FILTER (WHERE kind = 'trouble' AND is_own))[1],
    (array_agg(known ORDER BY happened_at DESC, array_position(ARRAY[
        'lost', 'out_of_area', 'exception', 'attempt_failed', 'delayed'
    ], word), known) FILTER (WHERE kind = 'trouble' AND is_own))[1],
    min(happened_at) FILTER (WHERE kind = 'back' AND is_own),
    min(known) FILTER (WHERE kind = 'back' AND is_own),
    (array_agg(state ORDER BY happened_at DESC, state DESC) FILTER (WHERE kind = 'back' AND is_own))[1],
    (array_agg(state ORDER BY happened_at, state) FILTER (WHERE kind = 'end'))[1]
FROM (
    SELECT
        happened_at,
        state,
        greatest(happened_at, least(known_at, p_as_of)) AS known,
        facts.scan_kind(state) AS kind,
        CASE WHEN facts.is_out_of_area(state, description) THEN 'out_of_area' ELSE state END AS word,
        happened_at > p_shipped_at - interval '3 days' AS is_own
    FROM facts.tracking_events_as_of(p_shop, p_as_of)
    WHERE shipment_id = p_shipment
) AS scans
$$;
COMMENT ON FUNCTION facts.parcel_log(text, text, timestamptz, timestamptz) IS
'What the scans of a parcel that had happened and were known at an instant come to; one row, whatever there is.';

-- OFFSET 0 keeps a look-up by key one: what reads two versions of a fact (UNION ALL) cannot be entered from a join.
CREATE FUNCTION facts.open_parcel(p_parcel facts.shipments, p_as_of timestamptz) RETURNS SETOF record.parcels
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    (p_parcel).shop_id, (p_parcel).shipment_id, (p_parcel).order_id, orders.customer_no, customers.customer_id,
    customers.identity, (p_parcel).carrier, (p_parcel).region, (p_parcel).shipped_at, (p_parcel).promised_at,
    logs.first_scan_at, logs.moved_at, logs.moved_state, logs.problem_at, logs.problem_state, logs.problem_known_at, logs.turned_back_at,
    logs.turned_back_known_at, logs.turned_back_state, coalesce(refunds.is_asked, false), true, NULL::timestamptz
FROM (
    SELECT customer_no, closed_at, finished_at
    FROM facts.orders_as_of((p_parcel).shop_id, p_as_of)
    WHERE order_id = (p_parcel).order_id
    OFFSET 0
) AS orders
INNER JOIN facts.customers AS customers ON orders.customer_no = customers.customer_no
CROSS JOIN LATERAL facts.parcel_log(
    (p_parcel).shop_id, (p_parcel).shipment_id, (p_parcel).shipped_at, p_as_of
) AS logs
CROSS JOIN LATERAL (
    SELECT bool_or(state = 'succeeded') AS is_paid_back, bool_or(state = 'asked') AS is_asked
    FROM facts.refunds_as_of((p_parcel).shop_id, p_as_of)
    WHERE order_id = (p_parcel).order_id
) AS refunds
WHERE
    orders.closed_at IS NULL
    AND orders.finished_at IS NULL
    AND logs.end_state IS NULL
    AND refunds.is_paid_back IS NOT TRUE
$$;
COMMENT ON FUNCTION facts.open_parcel(facts.shipments, timestamptz) IS
'A parcel, as known at that instant, if it was on its way then: with what its scans, order and refunds come to.';

CREATE FUNCTION facts.open_parcels_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF record.parcels
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT found.*
FROM facts.shipments_as_of(p_shop, p_as_of) AS parcels
CROSS JOIN LATERAL facts.open_parcel(parcels, p_as_of) AS found
WHERE NOT EXISTS (
    SELECT FROM facts.tracking_events AS ends
    WHERE
        ends.shop_id = p_shop AND ends.shipment_id = parcels.shipment_id
        AND ends.state IN ('delivered', 'returned', 'cancelled')
        AND ends.happened_at <= p_as_of AND ends.known_at <= p_as_of
)
$$;
COMMENT ON FUNCTION facts.open_parcels_as_of(text, timestamptz) IS
'Parcels on their way at an instant, from the facts as they were known then: narrow it by the ship click. Those that '
'have ended are left out all at once, before any is looked at by itself.';

CREATE FUNCTION facts.open_parcel_as_of(p_shop text, p_shipment text, p_as_of timestamptz)
RETURNS SETOF record.parcels
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT found.*
FROM (
    SELECT * FROM facts.shipments_as_of(p_shop, p_as_of) WHERE shipment_id = p_shipment OFFSET 0
) AS parcels
CROSS JOIN LATERAL facts.open_parcel(parcels::facts.shipments, p_as_of) AS found
OFFSET 0
$$;
COMMENT ON FUNCTION facts.open_parcel_as_of(text, text, timestamptz) IS
'One parcel, if it was on its way at an instant.';

CREATE FUNCTION record.parcel_horizon() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT interval '120 days'
$$;
COMMENT ON FUNCTION record.parcel_horizon() IS
'Open parcels clicked longer ago are not kept: the age cap of config/logistics.yaml lies within it.';

CREATE FUNCTION record.parcels_as_of(p_shop text, p_as_of timestamptz) RETURNS SETOF record.parcels
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT parcels.*
FROM record.parcels AS parcels
WHERE
    parcels.shop_id = p_shop
    AND parcels.is_open
    AND parcels.shipped_at > p_as_of - record.parcel_horizon()
    AND EXISTS (
        SELECT FROM record.heads
        WHERE
            shop_id = p_shop AND refreshed_as_of = p_as_of
            AND coalesce(current_setting('touchpoint.known_by', true), '') = ''
    )
UNION ALL
SELECT parcels.*
FROM facts.open_parcels_as_of(p_shop, p_as_of) AS parcels
WHERE
    parcels.shipped_at > p_as_of - record.parcel_horizon()
    AND NOT EXISTS (
        SELECT FROM record.heads
        WHERE
            shop_id = p_shop AND refreshed_as_of = p_as_of
            AND coalesce(current_setting('touchpoint.known_by', true), '') = ''
    )
$$;
COMMENT ON FUNCTION record.parcels_as_of(text, timestamptz) IS
'Parcels on their way at an instant: the stored ones where the record stands there, else from the facts (and always '
'from them when a recompute asks with hindsight: touchpoint.known_by); none clicked before the horizon.';

CREATE FUNCTION facts.parcel_standing(p_parcel record.parcels, p_rules jsonb, p_as_of timestamptz)
RETURNS TABLE (
    zone text, late_from timestamptz, problem text, problem_from timestamptz, is_late boolean, is_moving boolean,
    expected_on date
)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    days.zone,
    days.late_from,
    troubles.problem,
    troubles.problem_from,
    coalesce(
        days.late_from <= p_as_of AND troubles.problem IS NULL AND troubles.is_due, false
    ),
    coalesce(troubles.problem IS NULL AND troubles.is_due AND (p_parcel).moved_at IS NOT NULL, false),
    CASE
        WHEN troubles.problem IS NOT NULL THEN NULL
        WHEN days.late_from > p_as_of AND (p_parcel).promised_at IS NOT NULL
            THEN (days.late_from AT TIME ZONE days.zone - interval '1 microsecond')::date
        WHEN (p_parcel).first_scan_at IS NULL THEN NULL
        ELSE (p_as_of AT TIME ZONE days.zone)::date + greatest(1, ceil(
            days.normal_days
            * coalesce((p_rules #>> ARRAY['rest', coalesce((p_parcel).moved_state, 'picked_up')])::float8, 1)
        )::integer)
    END
FROM (
    SELECT
        places.zone,
        places.normal_days,
        CASE
            WHEN (p_parcel).promised_at IS NULL
                THEN (
                    ((p_parcel).first_scan_at AT TIME ZONE places.zone)::date + places.normal_days + 1
                )::timestamp AT TIME ZONE places.zone
            WHEN (p_parcel).promised_at
                = ((p_parcel).promised_at AT TIME ZONE places.shop_zone)::date::timestamp AT TIME ZONE places.shop_zone
                THEN (
                    ((p_parcel).promised_at AT TIME ZONE places.shop_zone)::date + 1
                )::timestamp AT TIME ZONE places.zone
            WHEN (p_parcel).promised_at
                = ((p_parcel).promised_at AT TIME ZONE places.zone)::date::timestamp AT TIME ZONE places.zone
                THEN (((p_parcel).promised_at AT TIME ZONE places.zone)::date + 1)::timestamp AT TIME ZONE places.zone
            ELSE (p_parcel).promised_at
        END AS late_from
    FROM (
        SELECT
            coalesce(p_rules ->> 'zone', 'UTC') AS shop_zone,
            coalesce(p_rules #>> ARRAY['zones', (p_parcel).region], p_rules ->> 'zone', 'UTC') AS zone,
            coalesce(
                p_rules #>> ARRAY['carriers', (p_parcel).carrier, 'regions', (p_parcel).region],
                p_rules #>> ARRAY['carriers', (p_parcel).carrier, 'days'],
                p_rules #>> ARRAY['regions', (p_parcel).region],
                p_rules ->> 'days'
            )::integer AS normal_days
    ) AS places
) AS days
CROSS JOIN LATERAL (
    SELECT
        coalesce(
            waits.back_state,
            CASE WHEN waits.standing_from <= p_as_of THEN (p_parcel).problem_state END,
            CASE WHEN waits.stuck_from <= p_as_of THEN 'stuck' END
        ) AS problem,
        CASE
            WHEN waits.back_state IS NOT NULL THEN (p_parcel).turned_back_known_at
            WHEN waits.standing_from <= p_as_of THEN waits.standing_from
            WHEN waits.stuck_from <= p_as_of THEN waits.stuck_from
        END AS problem_from,
        -- A pick-up point is the end of its way, and a failed attempt that may yet be made good is no time to speak.
        (p_parcel).moved_state IS DISTINCT FROM 'ready_for_pickup' AND waits.standing_from IS NULL AS is_due
    FROM (
        SELECT
            (p_parcel).turned_back_state AS back_state,
            CASE
                WHEN (p_parcel).problem_at > coalesce((p_parcel).moved_at, '-infinity')
                    THEN (p_parcel).problem_known_at + make_interval(secs => coalesce(
                        (p_rules #>> ARRAY['problems', (p_parcel).problem_state])::float8,
                        CASE (p_parcel).problem_state WHEN 'attempt_failed' THEN 86400 ELSE 0 END
                    ))
            END AS standing_from,
            CASE
                WHEN (p_parcel).moved_state IS DISTINCT FROM 'ready_for_pickup'
                    THEN greatest((p_parcel).first_scan_at, (p_parcel).moved_at, (p_parcel).problem_at)
                        + make_interval(secs => coalesce(
                            p_rules #>> ARRAY['carriers', (p_parcel).carrier, 'stuck_after'], p_rules ->> 'stuck_after'
                        )::float8)
            END AS stuck_from
    ) AS waits
) AS troubles
$$;
COMMENT ON FUNCTION facts.parcel_standing(record.parcels, jsonb, timestamptz) IS
'What the norms say of an open parcel: from when it is late, what trouble stands and since when, whether it moves, and '
'the day to expect it (NULL where nobody knows; never today or before).';

CREATE FUNCTION record.logistics_as_of(p_shop text, p_as_of timestamptz) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT coalesce(
    (
        SELECT rules FROM record.logistics
        WHERE shop_id = p_shop AND kept_as_of <= p_as_of ORDER BY kept_as_of DESC LIMIT 1
    ),
    (SELECT rules FROM record.logistics WHERE shop_id = p_shop ORDER BY kept_as_of LIMIT 1),
    '{}'::jsonb
)
$$;
COMMENT ON FUNCTION record.logistics_as_of(text, timestamptz) IS
'The norms in force at an instant, else the first ever kept; without any, promises and troubles alone speak.';

CREATE FUNCTION facts.parcel_trouble(p_shop text, p_as_of timestamptz)
RETURNS TABLE (customer_no bigint, shipment_id text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT parcels.customer_no, parcels.shipment_id
FROM record.parcels_as_of(p_shop, p_as_of) AS parcels
CROSS JOIN (SELECT record.logistics_as_of(p_shop, p_as_of) AS rules) AS norms
CROSS JOIN LATERAL facts.parcel_standing(parcels, norms.rules, p_as_of) AS standings
WHERE
    parcels.shipped_at > p_as_of - make_interval(
        secs => coalesce((norms.rules ->> 'give_up_after')::float8, 60 * 86400)
    )
    AND (standings.late_from <= p_as_of OR standings.problem IS NOT NULL)
$$;
COMMENT ON FUNCTION facts.parcel_trouble(text, timestamptz) IS
'Open parcels past their day or in trouble at an instant, younger than the age cap, with their buyers.';

CREATE FUNCTION record.parcels_of_customer_as_of(p_shop text, p_customer_no bigint, p_as_of timestamptz)
RETURNS SETOF record.parcels
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT parcels.*
FROM record.parcels AS parcels
WHERE
    parcels.customer_no = p_customer_no
    AND parcels.shop_id = p_shop
    AND parcels.is_open
    AND parcels.shipped_at > p_as_of - record.parcel_horizon()
    AND EXISTS (
        SELECT FROM record.heads
        WHERE
            shop_id = p_shop AND refreshed_as_of = p_as_of
            AND coalesce(current_setting('touchpoint.known_by', true), '') = ''
    )
UNION ALL
SELECT found.*
FROM (
    SELECT order_id
    FROM facts.orders_as_of(p_shop, p_as_of)
    WHERE customer_no = p_customer_no AND closed_at IS NULL AND finished_at IS NULL
    OFFSET 0
) AS orders
CROSS JOIN LATERAL (
    SELECT *
    FROM facts.shipments_as_of(p_shop, p_as_of)
    WHERE order_id = orders.order_id AND shipped_at > p_as_of - record.parcel_horizon()
    OFFSET 0
) AS parcels
CROSS JOIN LATERAL facts.open_parcel(parcels::facts.shipments, p_as_of) AS found
WHERE NOT EXISTS (
    SELECT FROM record.heads
    WHERE
        shop_id = p_shop AND refreshed_as_of = p_as_of
        AND coalesce(current_setting('touchpoint.known_by', true), '') = ''
)
$$;
COMMENT ON FUNCTION record.parcels_of_customer_as_of(text, bigint, timestamptz) IS
'As record.parcels_as_of, of one buyer.';

CREATE FUNCTION facts.has_parcel_trouble(p_shop text, p_customer_no bigint, p_as_of timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT EXISTS (
    SELECT FROM record.parcels_of_customer_as_of(p_shop, p_customer_no, p_as_of) AS parcels
    CROSS JOIN (SELECT record.logistics_as_of(p_shop, p_as_of) AS rules) AS norms
    CROSS JOIN LATERAL facts.parcel_standing(parcels, norms.rules, p_as_of) AS standings
    WHERE
        parcels.shipped_at > p_as_of - make_interval(
            secs => coalesce((norms.rules ->> 'give_up_after')::float8, 60 * 86400)
        )
        AND (standings.late_from <= p_as_of OR standings.problem IS NOT NULL)
)
$$;
COMMENT ON FUNCTION facts.has_parcel_trouble(text, bigint, timestamptz) IS
'Whether a buyer waits for a parcel that is late or in trouble: promotions and review requests to them are held.';

CREATE FUNCTION facts.is_promise_worse(
    p_shop text, p_shipment text, p_promised_at timestamptz, p_told_at timestamptz
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT EXISTS (
    SELECT FROM facts.shipments_as_of(p_shop, p_told_at) AS told
    WHERE told.shipment_id = p_shipment AND told.promised_at < p_promised_at
)
$$;
COMMENT ON FUNCTION facts.is_promise_worse(text, text, timestamptz, timestamptz) IS
'Whether a promise is later than the one known when a buyer was told. A first promise is no worse one.';

CREATE FUNCTION facts.stood_still(
    p_shop text, p_shipment text, p_shipped_at timestamptz, p_told_at timestamptz, p_rules jsonb
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT
    coalesce(logs.problem_at > coalesce(logs.moved_at, '-infinity'), false)
    OR coalesce(logs.moved_at, logs.first_scan_at, p_shipped_at) <= p_told_at - make_interval(
        secs => coalesce((p_rules ->> 'still_after')::float8, 0)
    )
FROM facts.parcel_log(p_shop, p_shipment, p_shipped_at, p_told_at) AS logs
$$;
COMMENT ON FUNCTION facts.stood_still(text, text, timestamptz, timestamptz, jsonb) IS
'Whether a parcel was in trouble, or without a scan of its way for long, at an instant: only then does it move again.';

CREATE FUNCTION facts.why_parcel_over(p_shop text, p_shipment text, p_as_of timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT coalesce(min(
    CASE
        WHEN EXISTS (
            SELECT FROM facts.refunds_as_of(p_shop, p_as_of) AS refunds
            WHERE refunds.order_id = parcels.order_id AND refunds.state = 'succeeded'
        ) THEN 'refunded'
        WHEN logs.end_state IS NOT NULL THEN logs.end_state
        WHEN orders.finished_at IS NOT NULL THEN 'finished'
        WHEN orders.closed_at IS NOT NULL THEN 'closed'
    END
), 'no_parcel')
FROM facts.shipments_as_of(p_shop, p_as_of) AS parcels
LEFT JOIN LATERAL (
    SELECT closed_at, finished_at
    FROM facts.orders_as_of(p_shop, p_as_of)
    WHERE order_id = parcels.order_id
    OFFSET 0
) AS orders ON true
CROSS JOIN LATERAL facts.parcel_log(p_shop, parcels.shipment_id, parcels.shipped_at, p_as_of) AS logs
WHERE parcels.shipment_id = p_shipment
$$;
COMMENT ON FUNCTION facts.why_parcel_over(text, text, timestamptz) IS
'Why a parcel is not open at an instant: refunded, delivered, returned, cancelled, finished, closed, no_parcel.';

CREATE FUNCTION facts.next_of_parcel(p_shop text, p_shipment text, p_order text, p_as_of timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT min(moments.at)
FROM (
    SELECT greatest(happened_at, known_at) AS at
    FROM facts.tracking_events
    WHERE shop_id = p_shop AND shipment_id = p_shipment
    UNION ALL
    SELECT greatest(happened_at, known_at)
    FROM facts.refunds
    WHERE shop_id = p_shop AND order_id = p_order
    UNION ALL
    SELECT unnest(ARRAY[closed_at, finished_at, known_at])
    FROM facts.orders
    WHERE shop_id = p_shop AND order_id = p_order
    UNION ALL
    SELECT known_at
    FROM facts.shipments
    WHERE shop_id = p_shop AND shipment_id = p_shipment
) AS moments
WHERE moments.at > p_as_of
$$;
COMMENT ON FUNCTION facts.next_of_parcel(text, text, text, timestamptz) IS
'The first instant after this one at which something known already happens to a parcel or its order.';

-- What is open at the heads there are.
INSERT INTO record.parcels
SELECT
    parcels.shop_id,
    parcels.shipment_id,
    parcels.order_id,
    parcels.customer_no,
    parcels.customer_id,
    parcels.identity,
    parcels.carrier,
    parcels.region,
    parcels.shipped_at,
    parcels.promised_at,
    parcels.first_scan_at,
    parcels.moved_at,
    parcels.moved_state,
    parcels.problem_at,
    parcels.problem_state,
    parcels.problem_known_at,
    parcels.turned_back_at,
    parcels.turned_back_known_at,
    parcels.turned_back_state,
    parcels.has_refund_asked,
    parcels.is_open,
    facts.next_of_parcel(
        parcels.shop_id, parcels.shipment_id, parcels.order_id, heads.refreshed_as_of
    ) AS next_at
FROM record.heads AS heads
CROSS JOIN LATERAL facts.open_parcels_as_of(heads.shop_id, heads.refreshed_as_of) AS parcels
WHERE parcels.shipped_at > heads.refreshed_as_of - record.parcel_horizon();
