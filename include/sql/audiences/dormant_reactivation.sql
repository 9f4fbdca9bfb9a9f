-- purpose: customers of some RFM groups who have been silent for a while: of those not told yet, a wave of them a run
-- grain:   one row per customer
-- params:  realm text, shop_id text, as_of timestamptz, campaign_id text, step text, zone text, closes_after interval,
--          entities jsonb, parameters jsonb, segments jsonb, rfm jsonb, offers jsonb, features relation
-- reads:   facts.customers, facts.orders, facts.orders_history, the features relation, and what the functions read
-- writes:  nothing
-- returns: many
-- The wave is the first so many of the queue who have no grievance; those passed over on the way come with theirs. Who
-- was suppressed before stands at the end of the queue, where the day decides who is looked at again first.
WITH settings AS (
    SELECT
        given -> 'groups' AS groups,
        (given ->> 'wave')::integer AS wave,
        given ->> 'wave_by' AS wave_by,
        (given ->> 'end_after')::integer AS end_after,
        (given ->> 'bad_score')::integer AS bad_score,
        make_interval(secs => (given ->> 'late_after')::float8) AS late_after,
        (at AT TIME ZONE %(zone)s::text)::date::text AS today,
        at - make_interval(secs => (given ->> 'silent_from')::float8) AS paid_until,
        at - make_interval(secs => (given ->> 'silent_until')::float8) AS paid_after,
        at - make_interval(secs => (given ->> 'cool_down')::float8) AS cooled_at,
        at - make_interval(secs => (given ->> 'refund_within')::float8) AS refund_since,
        at + make_interval(secs => (given ->> 'lasts')::float8) AS not_after,
        ledger.offer_closed_as_of(
            %(realm)s, %(shop_id)s, given ->> 'offer', %(offers)s::jsonb -> (given ->> 'offer'), at
        ) AS offer_closed
    FROM (VALUES (%(parameters)s::jsonb, %(as_of)s::timestamptz)) AS config (given, at)
),

-- Of one person's accounts, the one that bought last speaks.
silent_customers AS (
    SELECT
        customers.*,
        features.last_paid_at,
        features.net_minor,
        labels.stage
    FROM __features__ AS features
    CROSS JOIN settings
    INNER JOIN facts.customers_as_of(%(shop_id)s, %(as_of)s) AS customers
        ON features.customer_no = customers.customer_no
    CROSS JOIN
        record.labels(
            features.last_paid_at, features.order_count, features.net_minor, %(as_of)s, %(rfm)s, %(segments)s
        ) AS labels
    WHERE
        features.shop_id = %(shop_id)s::text
        AND features.last_paid_at > settings.paid_after
        AND features.last_paid_at <= settings.paid_until
        AND settings.groups @> to_jsonb(labels.rfm_group)
        AND NOT EXISTS (
            SELECT FROM facts.identities_of(customers.identity, %(as_of)s) AS names
            INNER JOIN facts.customers AS twins ON names.identity = twins.identity
            INNER JOIN __features__ AS paid ON twins.customer_no = paid.customer_no AND paid.shop_id = features.shop_id
            WHERE (paid.last_paid_at, paid.customer_no) > (features.last_paid_at, features.customer_no)
        )
),

queue AS MATERIALIZED (
    SELECT
        silent.*,
        last_orders.order_id,
        row_number() OVER (
            ORDER BY
                told.was_suppressed ASC,
                CASE WHEN settings.wave_by = 'value' AND NOT told.was_suppressed THEN -silent.net_minor END ASC,
                md5(silent.identity || CASE WHEN told.was_suppressed THEN settings.today ELSE '' END) ASC
        ) AS place
    FROM silent_customers AS silent
    CROSS JOIN settings
    CROSS JOIN facts.last_paid_order_as_of(%(shop_id)s, silent.customer_no, %(as_of)s) AS last_orders
    CROSS JOIN
        ledger.told_as_of(
            %(realm)s, %(shop_id)s, %(campaign_id)s, %(step)s, last_orders.order_id, silent.identity,
            silent.last_paid_at, %(zone)s, %(as_of)s
        ) AS told
    WHERE
        NOT told.is_settled
        AND told.silent_touches < settings.end_after
        AND (told.told_at IS NULL OR told.told_at <= settings.cooled_at)
),

troubled AS MATERIALIZED (SELECT array_agg(customer_no) AS numbers FROM facts.parcel_trouble(%(shop_id)s, %(as_of)s)),

-- Not materialised: the wave is counted off the queue, and nobody behind its last place is looked into.
judged_queue AS NOT MATERIALIZED (
    SELECT
        queued.*,
        CASE
            WHEN accounts.customer_nos && (SELECT troubled.numbers FROM troubled) THEN 'parcel_trouble'
            ELSE facts.grievance_as_of(
                %(shop_id)s, accounts.customer_nos, queued.order_id, %(as_of)s, %(zone)s, %(closes_after)s,
                settings.refund_since, settings.bad_score, settings.late_after, %(entities)s::jsonb @> '"shipment"'
            )
        END AS grievance
    FROM (SELECT queue.* FROM queue ORDER BY queue.place OFFSET 0) AS queued -- noqa: AM09, LT14
    CROSS JOIN settings
    CROSS JOIN facts.accounts_of(%(shop_id)s, queued.identity, %(as_of)s) AS accounts
),

wave AS MATERIALIZED (
    SELECT place FROM judged_queue
    WHERE grievance IS NULL
    ORDER BY place
    LIMIT (SELECT settings.wave FROM settings)
)

SELECT
    judged_queue.customer_id,
    judged_queue.identity,
    %(step)s::text AS step,
    judged_queue.order_id AS occasion,
    %(as_of)s::timestamptz AS not_before,
    settings.not_after,
    '{}'::text[] AS covers,
    coalesce(judged_queue.grievance, settings.offer_closed) AS exclude_reason,
    judged_queue.stage
FROM judged_queue
CROSS JOIN settings
WHERE judged_queue.place <= (SELECT max(wave.place) FROM wave) OR (SELECT count(*) FROM wave) < settings.wave
ORDER BY judged_queue.place
