-- purpose: the part of the day that holds more than a share of a customer's orders, by the shop's clock
-- grain:   one row per customer with a habit
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
-- A part begins at the hour of the rule and ends where the next one begins; the night goes on past midnight.
WITH days AS (
    SELECT
        purchases.customer_no,
        count(*) AS out_of,
        count(*) FILTER (
            WHERE purchases.hour >= (%(rules)s::jsonb #>> '{begins,morning}')::integer
            AND purchases.hour < (%(rules)s::jsonb #>> '{begins,noon}')::integer
        ) AS morning,
        count(*) FILTER (
            WHERE purchases.hour >= (%(rules)s::jsonb #>> '{begins,noon}')::integer
            AND purchases.hour < (%(rules)s::jsonb #>> '{begins,afternoon}')::integer
        ) AS noon,
        count(*) FILTER (
            WHERE purchases.hour >= (%(rules)s::jsonb #>> '{begins,afternoon}')::integer
            AND purchases.hour < (%(rules)s::jsonb #>> '{begins,evening}')::integer
        ) AS afternoon,
        count(*) FILTER (
            WHERE purchases.hour >= (%(rules)s::jsonb #>> '{begins,evening}')::integer
            AND purchases.hour < (%(rules)s::jsonb #>> '{begins,night}')::integer
        ) AS evening
    FROM __purchases__ AS purchases
    GROUP BY purchases.customer_no
    HAVING count(*) >= (%(rules)s::jsonb ->> 'minimum')::bigint
),

leaders AS (
    SELECT
        customer_no,
        out_of,
        ARRAY[morning, noon, afternoon, evening, out_of - morning - noon - afternoon - evening] AS counts,
        greatest(morning, noon, afternoon, evening, out_of - morning - noon - afternoon - evening) AS evidence
    FROM days
)

SELECT
    customer_no,
    (ARRAY['morning', 'noon', 'afternoon', 'evening', 'night'])[array_position(counts, evidence)] AS value,
    NULL::float8 AS number,
    evidence::integer AS evidence,
    out_of::integer AS out_of,
    record.wilson_low(evidence, out_of) AS confidence
FROM leaders
WHERE evidence > out_of * (%(rules)s::jsonb ->> 'share')::float8
