-- purpose: the climate more than a share of a customer's parcels went to, by a map of regions
-- grain:   one row per customer who has one
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   record.words, and what the statement put in reads
-- writes:  nothing
-- returns: many
-- Orders to a region that is not on the map are left out.
WITH kinds AS NOT MATERIALIZED (
    SELECT
        given.name,
        given.words,
        given.kind_no
    FROM jsonb_each(%(rules)s::jsonb -> 'regions') WITH ORDINALITY AS given (name, words, kind_no)
),

numbers AS (
    SELECT
        words.word_no,
        min(kinds.kind_no) AS kind_no
    FROM kinds
    CROSS JOIN LATERAL jsonb_array_elements_text(kinds.words) AS listed (word)
    INNER JOIN record.words AS words ON listed.word = words.word
    GROUP BY words.word_no
),

-- Counted by word in the order of the index first: so few are left to be sorted by kind.
counted AS (
    SELECT
        purchases.customer_no,
        purchases.region_no,
        count(*) AS orders
    FROM __purchases__ AS purchases
    WHERE purchases.region_no IS NOT NULL
    GROUP BY purchases.customer_no, purchases.region_no
),

bought AS (
    SELECT
        counted.customer_no,
        numbers.kind_no,
        sum(counted.orders)::bigint AS orders
    FROM counted
    INNER JOIN numbers ON counted.region_no = numbers.word_no
    GROUP BY counted.customer_no, numbers.kind_no
),

leaders AS (
    SELECT
        customer_no,
        max(orders * 4294967296 + kind_no) AS packed,
        sum(orders)::bigint AS out_of
    FROM bought
    GROUP BY customer_no
)

SELECT
    leaders.customer_no,
    kinds.name AS value,
    NULL::float8 AS number,
    (leaders.packed >> 32)::integer AS evidence,
    leaders.out_of::integer AS out_of,
    record.wilson_low(leaders.packed >> 32, leaders.out_of) AS confidence
FROM leaders
INNER JOIN kinds ON kinds.kind_no = leaders.packed & 4294967295
WHERE
    leaders.out_of >= (%(rules)s::jsonb ->> 'minimum')::bigint
    AND leaders.packed >> 32 > leaders.out_of * (%(rules)s::jsonb ->> 'share')::float8
