-- purpose: whether a customer's parcels go to a region the shop calls remote
-- grain:   one row per customer with enough orders that name a region
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   record.words, and what the statement put in reads
-- writes:  nothing
-- returns: many
-- The words are looked up once; regions nobody ordered from have no number.
WITH remote_regions AS (
    SELECT words.word_no
    FROM jsonb_array_elements_text(%(rules)s::jsonb -> 'regions') AS given (region)
    INNER JOIN record.words AS words ON given.region = words.word
),

sent AS (
    SELECT
        purchases.customer_no,
        count(purchases.region_no) AS out_of,
        count(*) FILTER (WHERE purchases.region_no IN (SELECT remote_regions.word_no FROM remote_regions)) AS remote
    FROM __purchases__ AS purchases
    GROUP BY purchases.customer_no
    HAVING count(purchases.region_no) >= (%(rules)s::jsonb ->> 'minimum')::bigint
),

leaders AS (
    SELECT
        customer_no,
        out_of,
        remote * 2 > out_of AS is_remote,
        greatest(remote, out_of - remote) AS evidence
    FROM sent
)

SELECT
    customer_no,
    CASE WHEN is_remote THEN 'remote' ELSE 'near' END AS value,
    NULL::float8 AS number,
    evidence::integer AS evidence,
    out_of::integer AS out_of,
    record.wilson_low(evidence, out_of) AS confidence
FROM leaders
WHERE evidence > out_of * (%(rules)s::jsonb ->> 'share')::float8
