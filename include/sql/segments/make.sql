-- purpose: segments of customers as of an instant, from their features and the bounds in force; why they left, as
--          agents said it, else as it was inferred
-- grain:   one row per customer
-- params:  made relation, features relation, tags relation, said statement, shop_id text, as_of timestamptz, rfm jsonb,
--          segments jsonb, dormancy jsonb, silences float8[]
-- reads:   the features relation, the tags relation, what the statement put in reads
-- writes:  the made table, of the shape of record.customer_segments
-- returns: nothing
-- silences: the seconds of silence at which some segment changes, rising.
CREATE UNLOGGED TABLE IF NOT EXISTS __made__ AS
SELECT
    features.shop_id,
    features.customer_no,
    labels.r_score::smallint AS r_score,
    labels.f_score::smallint AS f_score,
    labels.m_score::smallint AS m_score,
    labels.rfm_group,
    labels.value_tier,
    labels.stage,
    CASE WHEN clocks.dormant_from <= %(as_of)s::timestamptz THEN 'dormant' ELSE 'awake' END AS dormancy,
    CASE WHEN clocks.dormant_from <= %(as_of)s::timestamptz THEN coalesce(said.value, causes.value) END AS cause,
    clocks.dormant_from,
    least(
        features.last_paid_at + make_interval(
            secs => (%(silences)s::float8[])[
                1 + width_bucket(
                    extract(EPOCH FROM %(as_of)s::timestamptz - features.last_paid_at)::float8, %(silences)s::float8[]
                )
            ]
        ),
        CASE WHEN clocks.dormant_from > %(as_of)s::timestamptz THEN nullif(clocks.dormant_from, 'infinity') END
    ) AS next_change_at,
    %(as_of)s::timestamptz AS valid_from
FROM __features__ AS features
LEFT JOIN __tags__ AS causes
    ON
        features.shop_id = causes.shop_id
        AND causes.tag = 'leaving_cause'
        AND features.customer_no = causes.customer_no
LEFT JOIN __said__ AS said ON features.customer_no = said.customer_no
CROSS JOIN
    LATERAL record.labels(
        features.last_paid_at, features.order_count, features.net_minor, %(as_of)s::timestamptz, %(rfm)s::jsonb,
        %(segments)s::jsonb
    ) AS labels
CROSS JOIN
    LATERAL record.dormant_from(
        features.first_day, features.last_day, features.last_paid_at, features.purchase_days, %(dormancy)s::jsonb
    ) AS clocks (dormant_from)
WHERE features.shop_id = %(shop_id)s::text
