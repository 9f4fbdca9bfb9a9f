-- purpose: how often each customer of a shop bought as of an instant, purchases of a day being one, and what the days
--          after the first brought; of so many customers at most, picked by a hash of their number
-- grain:   one row per customer with a paid order
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz, sample integer
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
WITH bought AS (
    SELECT
        purchases.customer_no,
        purchases.day,
        purchases.net_minor,
        min(purchases.day) OVER (PARTITION BY purchases.customer_no) AS first_day
    FROM __purchases__ AS purchases
),

histories AS (
    SELECT
        customer_no,
        first_day,
        count(DISTINCT day)::integer AS purchase_days,
        max(day) AS last_day,
        coalesce(record.sum_minor(net_minor) FILTER (WHERE day > first_day), 0) AS repeat_minor
    FROM bought
    GROUP BY customer_no, first_day
)

SELECT
    customer_no,
    purchase_days,
    first_day,
    last_day,
    repeat_minor,
    count(*) OVER () AS customers
FROM histories
ORDER BY hashint8extended(customer_no, 0) ASC, customer_no ASC
LIMIT %(sample)s::integer
