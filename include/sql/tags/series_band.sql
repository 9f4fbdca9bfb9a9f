-- purpose: the age band of the product series that more than a share of a customer's orders are of: what they buy, not
--          how old they are
-- grain:   one row per customer with a preference
-- params:  lines statement, shop_id text, as_of timestamptz, since timestamptz, rules jsonb
-- reads:   record.words, and what the statement put in reads
-- writes:  nothing
-- returns: many
-- Series without a band are left out; an order of two bands counts for both, and ties are broken as in
-- series_preference.
WITH kinds AS NOT MATERIALIZED (
    SELECT
        given.name,
        given.words,
        given.kind_no
    FROM jsonb_each(%(rules)s::jsonb -> 'bands') WITH ORDINALITY AS given (name, words, kind_no)
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

bought AS (
    SELECT
        lines.customer_no,
        numbers.kind_no,
        count(DISTINCT lines.order_key) AS orders,
        max(lines.day) AS last_day
    FROM __lines__ AS lines
    INNER JOIN numbers ON lines.series_no = numbers.word_no
    GROUP BY GROUPING SETS ((lines.customer_no, numbers.kind_no), (lines.customer_no))
),

leaders AS (
    SELECT
        bought.customer_no,
        (array_agg(kinds.name ORDER BY bought.orders DESC, bought.last_day DESC, kinds.name ASC) FILTER (
            WHERE bought.kind_no IS NOT NULL
        ))[1] AS value,
        max(bought.orders) FILTER (WHERE bought.kind_no IS NOT NULL) AS evidence,
        max(bought.orders) FILTER (WHERE bought.kind_no IS NULL) AS out_of
    FROM bought
    LEFT JOIN kinds ON bought.kind_no = kinds.kind_no
    GROUP BY bought.customer_no
)

SELECT
    customer_no,
    value,
    NULL::float8 AS number,
    evidence::integer AS evidence,
    out_of::integer AS out_of,
    record.wilson_low(evidence, out_of) AS confidence
FROM leaders
WHERE
    out_of >= (%(rules)s::jsonb ->> 'minimum')::bigint
    AND evidence > out_of * (%(rules)s::jsonb ->> 'share')::float8
