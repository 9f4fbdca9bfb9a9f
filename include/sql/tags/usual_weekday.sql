-- purpose: the day of the week that holds more than a share of a customer's orders, by the shop's clock
-- grain:   one row per customer with a habit
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
-- Day 0, 1970-01-01, was a Thursday.
WITH weeks AS (
    SELECT
        purchases.customer_no,
        count(*) AS out_of,
        count(*) FILTER (WHERE mod(purchases.day + 3, 7) = 0) AS mon,
        count(*) FILTER (WHERE mod(purchases.day + 3, 7) = 1) AS tue,
        count(*) FILTER (WHERE mod(purchases.day + 3, 7) = 2) AS wed,
        count(*) FILTER (WHERE mod(purchases.day + 3, 7) = 3) AS thu,
        count(*) FILTER (WHERE mod(purchases.day + 3, 7) = 4) AS fri,
        count(*) FILTER (WHERE mod(purchases.day + 3, 7) = 5) AS sat
    FROM __purchases__ AS purchases
    GROUP BY purchases.customer_no
    HAVING count(*) >= (%(rules)s::jsonb ->> 'minimum')::bigint
),

leaders AS (
    SELECT
        customer_no,
        out_of,
        ARRAY[mon, tue, wed, thu, fri, sat, out_of - mon - tue - wed - thu - fri - sat] AS counts,
        greatest(mon, tue, wed, thu, fri, sat, out_of - mon - tue - wed - thu - fri - sat) AS evidence
    FROM weeks
)

SELECT
    customer_no,
    (ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[array_position(counts, evidence)] AS value,
    NULL::float8 AS number,
    evidence::integer AS evidence,
    out_of::integer AS out_of,
    record.wilson_low(evidence, out_of) AS confidence
FROM leaders
WHERE evidence > out_of * (%(rules)s::jsonb ->> 'share')::float8
