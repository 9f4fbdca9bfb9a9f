-- purpose: how many customers of a shop have each value of each tag as of an instant, and how sure that is; of a
--          feature, which has no value, the spread of its number
-- grain:   one row per tag, value and whether agents said it
-- params:  held statement, said statement, tags relation, shop_id text, as_of timestamptz, customer_no bigint
-- reads:   what the statements put in read
-- writes:  nothing
-- returns: many
WITH counted AS ( -- by thousandths, which are few: counting them spares sorting everybody
    SELECT
        held.tag,
        held.value,
        held.is_manual,
        round(1000 * CASE WHEN held.value IS NULL THEN held.number ELSE held.confidence END) AS level,
        count(*) AS customers
    FROM __held__ AS held
    GROUP BY held.tag, held.value, held.is_manual, level
),

ranked AS (
    SELECT
        counted.*,
        sum(counted.customers) OVER upwards AS up_to,
        -- Of those whose level is known: percentile_disc leaves the others out.
        sum(counted.customers) FILTER (WHERE counted.level IS NOT NULL)
            OVER (PARTITION BY counted.tag, counted.value, counted.is_manual) AS known
    FROM counted
    WINDOW upwards AS (
        PARTITION BY counted.tag, counted.value, counted.is_manual
        ORDER BY counted.level ASC NULLS LAST
        ROWS UNBOUNDED PRECEDING
    )
)

SELECT
    ranked.tag,
    ranked.value,
    ranked.is_manual,
    sum(ranked.customers)::bigint AS customers,
    min(ranked.level) FILTER (WHERE ranked.up_to >= 0.1 * ranked.known) / 1000 AS low,
    min(ranked.level) FILTER (WHERE ranked.up_to >= 0.5 * ranked.known) / 1000 AS middle,
    min(ranked.level) FILTER (WHERE ranked.up_to >= 0.9 * ranked.known) / 1000 AS high
FROM ranked
GROUP BY ranked.tag, ranked.value, ranked.is_manual
ORDER BY ranked.tag ASC, ranked.is_manual ASC, customers DESC, ranked.value ASC
