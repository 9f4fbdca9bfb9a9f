-- purpose: how many customers of a shop have each value of each tag as of an instant, and how sure that is; of a
--          feature, the spread of its number
-- grain:   one row per tag, value and whether agents said it
-- params:  held statement, tags relation, shop_id text, as_of timestamptz, customer_no bigint
-- reads:   what the statement put in reads
-- writes:  nothing
-- returns: many
SELECT
    held.tag,
    held.value,
    held.is_manual,
    count(*) AS customers,
    percentile_disc(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY held.confidence) AS confidences,
    percentile_disc(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY held.number) AS numbers
FROM __held__ AS held
GROUP BY held.tag, held.value, held.is_manual
ORDER BY held.tag ASC, held.is_manual ASC, count(*) DESC, held.value ASC
