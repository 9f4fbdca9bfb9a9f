-- purpose: what the next customers of a shop, or people of a brand, after a number are worth looking at by: their
--          purchase days as of an instant, and by BG/NBD the chances that they are customers still and that they buy
--          within the horizon
-- grain:   one row per customer with a paid order
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, today integer, after bigint,
--          number integer, lifetime jsonb, days float8
-- reads:   facts.customers, and what the statement put in reads
-- writes:  nothing
-- returns: many
WITH bought AS (
    SELECT
        purchases.customer_no,
        purchases.day,
        purchases.net_minor,
        min(purchases.day) OVER (PARTITION BY purchases.customer_no) AS first_day
    FROM __purchases__ AS purchases
    WHERE purchases.customer_no > %(after)s::bigint
),

histories AS (
    SELECT
        customer_no,
        first_day,
        count(DISTINCT day)::integer - 1 AS repeats,
        max(day) - first_day AS span,
        coalesce(record.sum_minor(net_minor) FILTER (WHERE day > first_day), 0) AS repeat_minor
    FROM bought
    GROUP BY customer_no, first_day
    ORDER BY customer_no
    LIMIT %(number)s::integer
),

aged AS (
    SELECT
        customer_no,
        repeats,
        span,
        %(today)s::integer - first_day AS age,
        repeat_minor
    FROM histories
)

SELECT
    aged.customer_no,
    customers.shop_id,
    customers.customer_id,
    aged.repeats,
    aged.span,
    aged.age,
    aged.repeat_minor,
    record.alive(aged.repeats, aged.span, aged.age, %(lifetime)s::jsonb) AS alive,
    record.buys_within(aged.repeats, aged.span, aged.age, %(days)s::float8, %(lifetime)s::jsonb) AS buys
FROM aged
INNER JOIN facts.customers AS customers ON aged.customer_no = customers.customer_no
ORDER BY aged.customer_no
