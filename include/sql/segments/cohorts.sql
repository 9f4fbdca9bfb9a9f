-- purpose: how many customers of each cohort, those whose first paid order fell into one month of the shop's calendar,
--          paid an order in that month and in each later one
-- grain:   one row per cohort and month with anybody active
-- params:  purchases statement, shop_id text, as_of timestamptz, since timestamptz
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
WITH months AS (
    SELECT DISTINCT
        purchases.customer_no,
        date_trunc('month', date '1970-01-01' + purchases.day)::date AS month
    FROM __purchases__ AS purchases
),

cohorts AS (
    SELECT
        month,
        min(month) OVER (PARTITION BY customer_no) AS cohort
    FROM months
)

SELECT
    cohort,
    month,
    count(*) AS customers
FROM cohorts
GROUP BY cohort, month
ORDER BY cohort, month
