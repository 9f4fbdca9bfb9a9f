-- purpose: the days of the month that hold more than a share of a customer's orders: when there is money
-- grain:   one row per customer with a habit
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
-- Six windows of the month, which may overlap at their ends; number is the first day. Orders must lie in several
-- calendar months of the shop: sales on the 11th of two of them are no payday. A day less its day of the
-- month is the same number for all days of one calendar month, and another one for every other.
WITH months AS (
    SELECT
        purchases.customer_no,
        count(*) FILTER (
            WHERE purchases.month_day - (%(rules)s::jsonb #>> '{begins,0}')::integer
            BETWEEN 0 AND (%(rules)s::jsonb ->> 'days')::integer - 1
        ) AS window_0,
        count(*) FILTER (
            WHERE purchases.month_day - (%(rules)s::jsonb #>> '{begins,1}')::integer
            BETWEEN 0 AND (%(rules)s::jsonb ->> 'days')::integer - 1
        ) AS window_1,
        count(*) FILTER (
            WHERE purchases.month_day - (%(rules)s::jsonb #>> '{begins,2}')::integer
            BETWEEN 0 AND (%(rules)s::jsonb ->> 'days')::integer - 1
        ) AS window_2,
        count(*) FILTER (
            WHERE purchases.month_day - (%(rules)s::jsonb #>> '{begins,3}')::integer
            BETWEEN 0 AND (%(rules)s::jsonb ->> 'days')::integer - 1
        ) AS window_3,
        count(*) FILTER (
            WHERE purchases.month_day - (%(rules)s::jsonb #>> '{begins,4}')::integer
            BETWEEN 0 AND (%(rules)s::jsonb ->> 'days')::integer - 1
        ) AS window_4,
        count(*) FILTER (
            WHERE purchases.month_day - (%(rules)s::jsonb #>> '{begins,5}')::integer
            BETWEEN 0 AND (%(rules)s::jsonb ->> 'days')::integer - 1
        ) AS window_5,
        count(*) AS out_of,
        count(DISTINCT purchases.day - purchases.month_day) AS months
    FROM __purchases__ AS purchases
    GROUP BY purchases.customer_no
    HAVING count(*) >= (%(rules)s::jsonb ->> 'minimum')::bigint
),

leaders AS (
    SELECT
        customer_no,
        out_of,
        ARRAY[window_0, window_1, window_2, window_3, window_4, window_5] AS counts,
        greatest(window_0, window_1, window_2, window_3, window_4, window_5) AS evidence
    FROM months
    WHERE months >= (%(rules)s::jsonb ->> 'months')::bigint
),

found AS (
    SELECT
        customer_no,
        out_of,
        evidence,
        (%(rules)s::jsonb -> 'begins' ->> (array_position(counts, evidence) - 1))::integer AS first_day
    FROM leaders
    WHERE evidence > out_of * (%(rules)s::jsonb ->> 'share')::float8
)

SELECT
    customer_no,
    format('%%s-%%s', first_day, least(first_day + (%(rules)s::jsonb ->> 'days')::integer - 1, 31)) AS value,
    first_day::float8 AS number,
    evidence::integer AS evidence,
    out_of::integer AS out_of,
    record.wilson_low(evidence, out_of) AS confidence
FROM found
