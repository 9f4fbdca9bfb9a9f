-- purpose: why a customer would have left, if the silence since their last order is a leaving
-- grain:   one row per customer with a paid order
-- params:  features relation, refunds statement, events statement, shop_id text, as_of timestamptz, since timestamptz,
--          rules jsonb
-- reads:   the features relation, and what the statements put in read
-- writes:  nothing
-- returns: many
-- The first cause, in the order of the configuration, that holds; none: asleep. What a shop does not know (NULL, or no
-- rows) makes no cause. Looked at from a while before the last order on, so that time alone changes nothing.
--   unhappy            number: what for, as bits (record.trouble_words): 1 refund, 2 review, 4 late parcel, 8 complaint
--   bargain_hunter     every order, of enough of them, had something taken off
--   spoilt_for_choice  visits few, far between and mostly short; number: days between two of them
WITH returned AS (
    SELECT
        features.customer_no,
        count(*) AS times
    FROM __features__ AS features
    INNER JOIN __refunds__ AS refunds ON features.customer_no = refunds.customer_no
    WHERE
        refunds.happened_at > features.last_paid_at - make_interval(
            secs => (%(rules)s::jsonb ->> 'trouble_before')::float8
        )
    GROUP BY features.customer_no
),

troubled AS (
    SELECT
        features.customer_no,
        bit_or(CASE events.kind WHEN 'review' THEN 2 WHEN 'late_parcel' THEN 4 ELSE 8 END) AS kinds,
        count(*) AS times
    FROM __features__ AS features
    INNER JOIN __events__ AS events ON features.customer_no = events.customer_no
    WHERE
        events.happened_at > features.last_paid_at - make_interval(
            secs => (%(rules)s::jsonb ->> 'trouble_before')::float8
        )
        AND (
            events.kind = 'complaint'
            OR (events.kind = 'review' AND events.amount <= (%(rules)s::jsonb ->> 'review_at_most')::integer)
            OR (
                events.kind = 'late_parcel'
                AND (events.amount IS NULL OR events.amount >= (%(rules)s::jsonb ->> 'days_late')::integer)
            )
        )
    GROUP BY features.customer_no
),

choosy AS (
    SELECT
        features.customer_no,
        count(*) AS visits,
        count(visits.amount) AS timed,
        count(*) FILTER (
            WHERE visits.amount < (%(rules)s::jsonb ->> 'short_visit')::integer
        ) AS short,
        extract(EPOCH FROM max(visits.happened_at) - min(visits.happened_at)) / 86400 / nullif(count(*) - 1, 0) AS gap
    FROM __features__ AS features
    INNER JOIN __events__ AS visits ON features.customer_no = visits.customer_no
    WHERE
        visits.kind = 'visit'
        AND visits.happened_at > features.last_paid_at - make_interval(
            secs => (%(rules)s::jsonb ->> 'visits_before')::float8
        )
    GROUP BY features.customer_no
),

causes AS (
    SELECT array_agg(given.cause ORDER BY given.place) AS in_order
    FROM jsonb_array_elements_text(%(rules)s::jsonb -> 'causes') WITH ORDINALITY AS given (cause, place)
),

judged AS (
    SELECT
        features.customer_no,
        features.discount_count,
        features.order_count,
        CASE WHEN returned.times > 0 THEN 1 ELSE 0 END | coalesce(troubled.kinds, 0) AS kinds,
        coalesce(returned.times, 0) + coalesce(troubled.times, 0) AS times,
        choosy.gap,
        choosy.short,
        choosy.timed,
        causes.in_order[least(
            CASE WHEN returned.times > 0 OR troubled.times > 0 THEN array_position(causes.in_order, 'unhappy') END,
            CASE
                WHEN
                    features.order_count >= (%(rules)s::jsonb ->> 'minimum')::integer
                    AND features.discount_count = features.order_count
                    THEN array_position(causes.in_order, 'bargain_hunter')
            END,
            CASE
                WHEN
                    choosy.timed >= (%(rules)s::jsonb ->> 'visits_least')::integer
                    AND choosy.visits <= (%(rules)s::jsonb ->> 'visits_most')::integer
                    AND choosy.gap * 86400 >= (%(rules)s::jsonb ->> 'visits_apart')::float8
                    AND choosy.short > choosy.timed * (%(rules)s::jsonb ->> 'share')::float8
                    THEN array_position(causes.in_order, 'spoilt_for_choice')
            END
        )] AS cause
    FROM __features__ AS features
    CROSS JOIN causes
    LEFT JOIN returned ON features.customer_no = returned.customer_no
    LEFT JOIN troubled ON features.customer_no = troubled.customer_no
    LEFT JOIN choosy ON features.customer_no = choosy.customer_no
)

SELECT
    customer_no,
    coalesce(cause, 'asleep') AS value,
    CASE cause WHEN 'unhappy' THEN kinds WHEN 'spoilt_for_choice' THEN gap END::float8 AS number,
    CASE cause
        WHEN 'unhappy' THEN times WHEN 'bargain_hunter' THEN discount_count WHEN 'spoilt_for_choice' THEN short
    END::integer AS evidence,
    CASE cause WHEN 'bargain_hunter' THEN order_count WHEN 'spoilt_for_choice' THEN timed END::integer AS out_of,
    CASE cause
        WHEN 'bargain_hunter' THEN record.wilson_low(discount_count, order_count)
        WHEN 'spoilt_for_choice' THEN record.wilson_low(short, timed)
    END AS confidence
FROM judged
