-- purpose: the life stage of a customer: the band of their age on the day of their last paid order
-- grain:   one row per customer of known age within a band
-- params:  members statement, features relation, shop_id text, as_of timestamptz, rules jsonb
-- reads:   the features relation, and what the statement put in reads
-- writes:  nothing
-- returns: many
-- Age at that day, not now: a tag changes by what happened, never by the calendar alone. Said by the customer, not
-- inferred: it has no evidence to count. Both ends belong to a band. Grouped, though a customer is
-- one row: so an age is worked out once, not per band.
WITH bands AS (
    SELECT
        given.name,
        (given.ages ->> 0)::integer AS youngest,
        (given.ages ->> 1)::integer AS oldest
    FROM jsonb_each(%(rules)s::jsonb -> 'bands') AS given (name, ages)
),

ages AS (
    SELECT
        features.customer_no,
        min(date_part(
            'year', age((date '1970-01-01' + features.last_day)::timestamp, members.birthday::timestamp)
        ))::integer AS years
    FROM __features__ AS features
    INNER JOIN __members__ AS members ON features.customer_no = members.customer_no
    WHERE members.birthday IS NOT NULL
    GROUP BY features.customer_no
)

SELECT
    ages.customer_no,
    bands.name AS value,
    ages.years::float8 AS number,
    NULL::integer AS evidence,
    NULL::integer AS out_of,
    NULL::float8 AS confidence
FROM ages
INNER JOIN bands ON ages.years BETWEEN bands.youngest AND bands.oldest
