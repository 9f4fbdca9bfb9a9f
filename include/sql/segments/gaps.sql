-- purpose: how long those who bought on two days at least were silent between purchase days, and how long they have
--          been silent now: gaps still open, of which only the least they will be is known
-- grain:   one row per length and kind of gap
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, today integer
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
WITH bought_days AS (
    SELECT
        purchases.customer_no,
        purchases.day
    FROM __purchases__ AS purchases
    GROUP BY purchases.customer_no, purchases.day
),

gaps AS (
    SELECT
        day,
        lead(day) OVER of_customer AS next_day,
        row_number() OVER of_customer AS place
    FROM bought_days
    WINDOW of_customer AS (PARTITION BY customer_no ORDER BY day)
)

SELECT
    coalesce(next_day, %(today)s::integer) - day AS days,
    next_day IS NULL AS is_open,
    count(*) AS gaps
FROM gaps
WHERE next_day IS NOT NULL OR place > 1
GROUP BY coalesce(next_day, %(today)s::integer) - day, next_day IS NULL
ORDER BY coalesce(next_day, %(today)s::integer) - day, next_day IS NULL
