-- purpose: who buys for somebody else: more than a share of their orders is of categories made for the other sex
-- grain:   one row per customer who buys gifts
-- params:  lines statement, members statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   record.words, and what the statement put in reads
-- writes:  nothing
-- returns: many
-- Only of who told their gender, and only by categories the configuration gives to one. Orders for the other against
-- all orders of such categories: one of both is for the other one, too.
WITH made_for AS NOT MATERIALIZED (
    SELECT
        words.word_no,
        min(given.gender) AS gender
    FROM jsonb_each(%(rules)s::jsonb -> 'categories') AS given (gender, categories)
    CROSS JOIN LATERAL jsonb_array_elements_text(given.categories) AS listed (word)
    INNER JOIN record.words AS words ON listed.word = words.word
    GROUP BY words.word_no
),

bought AS (
    SELECT
        lines.customer_no,
        count(DISTINCT lines.order_key) FILTER (WHERE made_for.gender = 'female') AS for_women,
        count(DISTINCT lines.order_key) FILTER (WHERE made_for.gender = 'male') AS for_men,
        count(DISTINCT lines.order_key) AS orders
    FROM __lines__ AS lines
    INNER JOIN made_for ON lines.category_no = made_for.word_no
    GROUP BY lines.customer_no
),

buyers AS (
    SELECT
        bought.customer_no,
        CASE members.gender WHEN 'male' THEN bought.for_women ELSE bought.for_men END AS evidence,
        bought.orders AS out_of
    FROM bought
    INNER JOIN __members__ AS members ON bought.customer_no = members.customer_no
    WHERE
        members.gender IN ('male', 'female')
        AND bought.orders >= (%(rules)s::jsonb ->> 'minimum')::bigint
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
