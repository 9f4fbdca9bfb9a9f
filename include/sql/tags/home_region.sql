-- purpose: the region that more than a share of a customer's orders went to
-- grain:   one row per customer who has one
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   record.words, and what the statement put in reads
-- writes:  nothing
-- returns: many
-- Count and number of a region are packed into one, so that the leader is a plain maximum; it holds more than half, so
-- that none can lead beside it.
WITH bought AS (
    SELECT
        purchases.customer_no,
        purchases.region_no,
        count(*) AS orders
    FROM __purchases__ AS purchases
    WHERE purchases.region_no IS NOT NULL
    GROUP BY purchases.customer_no, purchases.region_no
),

leaders AS (
    SELECT
        customer_no,
        max(orders * 4294967296 + region_no) AS packed,
        sum(orders)::bigint AS out_of
    FROM bought
    GROUP BY customer_no
)

SELECT
    leaders.customer_no,
    words.word AS value,
    NULL::float8 AS number,
    (leaders.packed >> 32)::integer AS evidence,
    leaders.out_of::integer AS out_of,
    record.wilson_low(leaders.packed >> 32, leaders.out_of) AS confidence
FROM leaders
INNER JOIN record.words AS words ON words.word_no = (leaders.packed & 4294967295)::integer
WHERE
    leaders.out_of >= (%(rules)s::jsonb ->> 'minimum')::bigint
    AND leaders.packed >> 32 > leaders.out_of * (%(rules)s::jsonb ->> 'share')::float8
