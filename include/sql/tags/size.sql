-- purpose: the size that more than a share of what a customer bought has
-- grain:   one row per customer who has one
-- params:  lines statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   record.words, and what the statement put in reads
-- writes:  nothing
-- returns: many
-- Evidence: lines that name a size, bought on two days at least. Packed as in home_region.
WITH bought AS (
    SELECT
        lines.customer_no,
        lines.size_no,
        count(*) AS pieces,
        min(lines.day) AS first_day,
        max(lines.day) AS last_day
    FROM __lines__ AS lines
    WHERE lines.size_no IS NOT NULL
    GROUP BY lines.customer_no, lines.size_no
),

leaders AS (
    SELECT
        customer_no,
        max(pieces * 4294967296 + size_no) AS packed,
        sum(pieces)::bigint AS out_of
    FROM bought
    GROUP BY customer_no
    HAVING min(first_day) < max(last_day)
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
