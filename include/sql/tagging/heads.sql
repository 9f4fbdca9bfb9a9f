-- purpose: how many customers of a shop have each value of each tag at an instant, and how sure that is; of a feature,
--          the spread of its number
-- grain:   one row per tag, value and whether agents said it
-- params:  shop_id text, as_of timestamptz
-- reads:   record.manual_tags, record.customer_tags, record.customer_tags_history, facts.merged_customers
-- writes:  nothing
-- returns: many
SELECT
    tag,
    value,
    is_manual,
    count(*) AS customers,
    percentile_disc(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY confidence) AS confidences,
    percentile_disc(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY number) AS numbers
FROM record.tags_of(%(shop_id)s::text, %(as_of)s::timestamptz)
GROUP BY tag, value, is_manual
ORDER BY tag ASC, is_manual ASC, count(*) DESC, value ASC
