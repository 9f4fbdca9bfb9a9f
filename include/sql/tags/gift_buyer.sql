-- purpose: who buys for somebody else: more than a share of their orders is of categories made for the other sex
-- grain:   one row per customer who buys gifts
-- params:  lines statement, members statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   record.words, and what the statement put in reads
-- writes:  nothing
-- returns: many
-- Only of who told their gender, and only by categories the configuration gives to one. Orders for the other against
-- all orders of such categories; one of both counts for both.
WITH made_for AS NOT MATERIALIZED (
    SELECT
        words.word_no,
        min(given.gender) AS gender
    FROM jsonb_each(%(rules)s::jsonb -> 'categories') AS given (gender, categories)
    CROSS JOIN LATERAL jsonb_array_elements_text(given.categories) AS listed (word)
    INNER JOIN record.words AS words ON listed.word = words.word
    GROUP BY words.word_no
),

-- Counted by category in the order of the index first, so that few are left to be sorted.
counted AS (
    SELECT
        lines.customer_no,
        lines.category_no,
        sum(lines.category_orders) AS orders
    FROM __lines__ AS lines
    WHERE lines.category_no IN (SELECT made_for.word_no FROM made_for)
    GROUP BY lines.customer_no, lines.category_no
),

bought AS (
    SELECT
        counted.customer_no,
        coalesce(sum(counted.orders) FILTER (WHERE made_for.gender = 'female'), 0)::bigint AS for_women,
        coalesce(sum(counted.orders) FILTER (WHERE made_for.gender = 'male'), 0)::bigint AS for_men
    FROM counted
    INNER JOIN made_for ON counted.category_no = made_for.word_no
    GROUP BY counted.customer_no
),

buyers AS (
    SELECT
        bought.customer_no,
        CASE members.gender WHEN 'male' THEN bought.for_women ELSE bought.for_men END AS evidence,
        bought.for_women + bought.for_men AS out_of
    FROM bought
    INNER JOIN __members__ AS members ON bought.customer_no = members.customer_no
    WHERE
        members.gender IN ('male', 'female')
        AND bought.for_women + bought.for_men >= (%(rules)s::jsonb ->> 'minimum')::bigint
)

SELECT
    customer_no,
    'gift_buyer' AS value,
    evidence::float8 / out_of AS number,
    evidence::integer AS evidence,
    out_of::integer AS out_of,
    record.wilson_low(evidence, out_of) AS confidence
FROM buyers
WHERE evidence > out_of * (%(rules)s::jsonb ->> 'share')::float8
